import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Children } from "../proxy/children.ts";
import { requests } from "../proxy/tools.ts";
import type { System } from "./system.ts";

const rounds = 5;
const secondsEach = 2;
const clients = 16;
const limits = [10, 1_000] as const;

/** Requests a second of each round, of three that ran side by side. */
export interface Reads {
  readonly limit: number;
  readonly token: number[];
  /** Each request with a signature to verify. */
  readonly signed: number[];
  readonly bare: number[];
}

/** GET connections by token and signed, beside a bare route that sends the same bytes, in turn, by page size. */
export async function measureReads(
  children: Children,
  system: System,
  list: string,
  progress: (sentence: string) => void,
): Promise<readonly Reads[]> {
  const port = await startBareRoute(children, system, list);
  const reads = limits.map((limit): Reads => ({ limit, token: [], signed: [], bare: [] }));
  // The first round warms all up and is not counted: what is compared is how they run, not how they start.
  for (let round = 0; round <= rounds; round += 1) {
    progress(round === 0 ? "warming up" : `round ${round} of ${rounds}: GET connections and a bare route`);
    for (const [index, of] of reads.entries()) {
      const path = `${list}?limit=${of.limit}`;
      const bare = await perSecond(`http://127.0.0.1:${port}/${index}`, []);
      const token = await perSecond(system.url(path), [system.authentication]);
      const signed = await perSecond(system.url(path), system.signedHeaders(path));
      if (round === 0) continue;
      of.bare.push(bare);
      of.token.push(token);
      of.signed.push(signed);
    }
  }
  return reads;
}

async function perSecond(url: string, headers: readonly string[]): Promise<number> {
  const figures = await requests(url, { connections: clients, seconds: secondsEach, close: false, headers });
  return figures.perSecond;
}

async function startBareRoute(children: Children, system: System, list: string): Promise<number> {
  const files: string[] = [];
  for (const limit of limits) {
    const file = join(children.directory, `page-${limit}.json`);
    await writeFile(file, await system.call("GET", `${list}?limit=${limit}`));
    files.push(file);
  }
  const child = fork(fileURLToPath(new URL("./bare-route.ts", import.meta.url)), files);
  children.keep(child);
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return port;
}
