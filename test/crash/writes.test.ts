import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isAlive } from "../support/alive.ts";
import type { ApiAnswer } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { ok, Service } from "../support/service.ts";

const kills = 5;
const subnetsPerVpc = 3;
const accountsPerList = 4;

let postern: Postern;
let node: SearchNode;
let service: Service;
beforeEach(async () => {
  node = await startNode();
  postern = await startPostern();
  service = await Service.open(postern, "logs", [node]);
});
afterEach(async () => {
  await postern.stop();
  await node.stop();
});

/** What became of the writes of one kind, by their number. */
class Ledger {
  readonly acknowledged = new Set<number>();
  /** The server died before it answered: both outcomes are right, half of one is not. */
  readonly unknown = new Set<number>();
  #next = 0;

  /** Makes writes one after the other until told to stop. */
  async write(isOver: () => boolean, send: (number: number) => Promise<ApiAnswer<unknown>>): Promise<void> {
    while (!isOver()) {
      const number = this.#next++;
      try {
        const { status, body } = await send(number);
        if (status !== 200) throw new Error(`Write ${number} got ${status}: ${JSON.stringify(body)}`);
        this.acknowledged.add(number);
      } catch (error) {
        // Only a broken connection leaves a doubt; an answer of another kind is a failure of the test.
        if (!(error instanceof TypeError)) throw error;
        this.unknown.add(number);
        await delay(5);
      }
    }
  }
}

/** Every acknowledged write is there, and nothing that was never asked for. */
function checkFound({ acknowledged, unknown }: Ledger, found: readonly number[]): void {
  expect([...acknowledged].filter((number) => !found.includes(number))).toEqual([]);
  expect(found.filter((number) => !acknowledged.has(number) && !unknown.has(number))).toEqual([]);
}

function accountsOf(list: number): string[] {
  return Array.from({ length: accountsPerList }, (_, index) => `list${list}account${index}`);
}

/** A VPC is one row and its subnets are three more. */
async function checkVpcs(ledger: Ledger): Promise<void> {
  type Vpc = { readonly name: string; readonly subnets: readonly unknown[] };
  const { vpcs } = ok(await postern.api<{ vpcs: Vpc[] }>("GET", "/postern/v1/{pid}/vpcs?limit=1000"));
  const written = vpcs.filter(({ name }) => name.startsWith("vpc-"));
  expect(written.filter(({ subnets }) => subnets.length !== subnetsPerVpc)).toEqual([]);
  checkFound(
    ledger,
    written.map(({ name }) => Number(name.slice("vpc-".length))),
  );
}

/** A whitelist is replaced as a whole: what is there is one of the lists, the last or one of which nobody heard. */
async function checkWhitelist(ledger: Ledger): Promise<void> {
  const { permissions } = await service.connections();
  const accounts = permissions.map(({ permission }) => permission.replace("iam:domain::", "")).toSorted();
  const list = Number(/^list(\d+)a/.exec(accounts[0] ?? "")?.[1]);
  expect(accounts).toEqual(accountsOf(list));
  expect(list).toBeGreaterThanOrEqual(Math.max(...ledger.acknowledged));
}

/** An endpoint is a row, an address of the pool and a step of the pool's cursor. */
async function checkEndpoints(ledger: Ledger): Promise<void> {
  type Endpoint = { readonly description: string; readonly ip: string; readonly status: string };
  const { endpoints } = ok(
    await postern.api<{ endpoints: Endpoint[] }>("GET", "/postern/v1/{pid}/endpoints?limit=1000"),
  );
  expect(new Set(endpoints.map(({ ip }) => ip)).size).toBe(endpoints.length);
  const written = endpoints.filter(({ description }) => description !== "");
  checkFound(
    ledger,
    written.map(({ description }) => Number(description)),
  );
}

async function killServer(): Promise<void> {
  const { server } = await postern.pids();
  process.kill(server, "SIGKILL");
  await eventually(async () => !isAlive(server) && (await postern.pids()).server !== server);
  await eventually(() => service.connections(), { what: "the API to be back" });
}

test("with the server killed at random moments every acknowledged write is there, and none is half-done", async () => {
  let over = false;
  const ledgers = { vpcs: new Ledger(), whitelists: new Ledger(), endpoints: new Ledger() };
  const name = await service.name();
  const writers = [
    ledgers.vpcs.write(
      () => over,
      (number) => {
        const network = `127.${130 + (number >> 8)}.${number & 255}`;
        const subnets = ["a", "b", "c"].map((subnet, index) => ({
          name: subnet,
          cidr: `${network}.${index * 16}/28`,
        }));
        const body = { name: `vpc-${number}`, cidr: `${network}.0/24`, subnets };
        return postern.api("POST", "/postern/v1/{pid}/vpcs", body);
      },
    ),
    ledgers.whitelists.write(
      () => over,
      (number) => service.whitelist(...accountsOf(number)),
    ),
    ledgers.endpoints.write(
      () => over,
      (number) => {
        const body = { service: name, description: String(number) };
        return postern.api("POST", "/postern/v1/{pid}/endpoints", body);
      },
    ),
  ];
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const before = ledgers.vpcs.acknowledged.size;
      // Not synchronisation: the moment has to be any moment of a write, once some have been made.
      await eventually(() => ledgers.vpcs.acknowledged.size > before + 3, { timeoutMs: 20_000 });
      await delay(Math.random() * 50);
      await killServer();
    }
  } finally {
    over = true;
    await Promise.all(writers);
  }
  await checkVpcs(ledgers.vpcs);
  await checkWhitelist(ledgers.whitelists);
  await checkEndpoints(ledgers.endpoints);
  const unknown = Object.values(ledgers).reduce((sum, ledger) => sum + ledger.unknown.size, 0);
  expect(unknown).toBeGreaterThan(0);
  // And once more from the disk alone.
  await killServer();
  await checkVpcs(ledgers.vpcs);
  await checkWhitelist(ledgers.whitelists);
  await checkEndpoints(ledgers.endpoints);
});
