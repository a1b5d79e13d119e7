import { fork } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SnapshotEndpoint } from "../../src/domain/snapshot.ts";
import { accepting } from "../proxy/children.ts";
import type { Children } from "../proxy/children.ts";
import { Addresses } from "../proxy/contenders.ts";
import { snapshotOf, zoneFileOf, zoneOfAll } from "./names.ts";

/** One name server. */
export interface Contender {
  readonly name: "postern" | "knot";
  readonly address: string;
}

export const port = 5300;

/** Starts ours and knot, with the same names. They stay. */
export async function startContenders(
  children: Children,
  endpoints: readonly SnapshotEndpoint[],
): Promise<readonly Contender[]> {
  const addresses = new Addresses();
  const [ours, knots] = [addresses.contender(0), addresses.contender(1)];
  const child = children.keep(fork(join(import.meta.dirname, "name-server-process.ts"), [String(port)]));
  child.send(snapshotOf(endpoints, ours));
  await startKnot(children, endpoints, knots);
  await Promise.all([accepting(ours, port), accepting(knots, port)]);
  return [
    { name: "postern", address: ours },
    { name: "knot", address: knots },
  ];
}

/** As it comes: with a worker for each of the machine's cores. */
async function startKnot(
  children: Children,
  endpoints: readonly SnapshotEndpoint[],
  address: string,
): Promise<void> {
  const directory = join(children.directory, "knot");
  await mkdir(directory);
  await writeFile(join(directory, "names.zone"), zoneFileOf(endpoints, address));
  const file = join(directory, "knot.conf");
  await writeFile(file, knotConfig(directory, address));
  children.start("knotd", "-c", file);
}

function knotConfig(directory: string, address: string): string {
  return `server:
  rundir: "${directory}"
  listen: ${address}@${port}
database:
  storage: "${directory}"
zone:
  - domain: ${zoneOfAll}
    storage: "${directory}"
    file: names.zone
`;
}
