import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "@opensearch-project/opensearch";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { startOpenSearchCluster, type OpenSearchNode } from "../support/opensearch-cluster.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { ok } from "../support/service.ts";

const documents = 20;

let postern: Postern;
let nodes: readonly OpenSearchNode[] = [];
let obstacle = "";
beforeAll(async () => {
  const system = startPostern();
  const started = await startOpenSearchCluster(3);
  if (typeof started === "string") obstacle = started;
  else nodes = started;
  postern = await system;
}, 420_000);
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.remove()));
  await postern.stop();
});
beforeEach(({ skip }) => skip(nodes.length === 0, `No OpenSearch can be had here: ${obstacle}`));

/** Searches again and again until it is stopped, and keeps what went wrong. */
class Searcher {
  readonly failures: string[] = [];
  searches = 0;
  #isStopped = false;
  readonly #running: Promise<void>;

  /** @param search throws where the answer is not complete @param pauseMs between two searches */
  constructor(search: () => Promise<void>, pauseMs: number) {
    this.#running = this.#run(search, pauseMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(search: () => Promise<void>, pauseMs: number): Promise<void> {
    while (!this.#isStopped) {
      try {
        await search();
      } catch (error) {
        this.failures.push(`${new Date().toISOString()} ${String(error)}`);
      }
      this.searches += 1;
      await delay(pauseMs);
    }
  }
}

type Found = {
  readonly hits: { readonly total: { readonly value: number } };
  readonly _shards: { failed: number };
};

function check({ hits, _shards: shards }: Found): void {
  if (hits.total.value === documents && shards.failed === 0) return;
  throw new Error(`found ${hits.total.value} of ${documents}, ${shards.failed} shards failed`);
}

/** One search that is never tried again, whatever becomes of it. */
function searchOnce(url: string, agent: Agent | false): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/stories/_search?size=1`, { agent, timeout: 30_000 }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      answer.on("error", reject).on("end", () => {
        if (answer.statusCode !== 200) return reject(new Error(`status ${answer.statusCode}: ${text}`));
        try {
          resolve(check(JSON.parse(text) as Found));
        } catch (error) {
          reject(error);
        }
      });
    });
    asked
      .on("timeout", () => asked.destroy(new Error("no answer")))
      .on("error", reject)
      .end();
  });
}

async function cli(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await postern.cli(args);
  if (code !== 0) throw new Error(`postern ${args.join(" ")} failed: ${stderr}`);
  return stdout;
}

test("three real nodes are restarted one after the other, and not one search fails", async () => {
  const port = await freePort("0.0.0.0");
  const [first] = nodes;
  if (!first) throw new Error("There is no node");
  const urls = nodes.map(({ url }) => url);
  await cli("cluster", "add", "library", ...urls, "--client-port", String(port), "--open");
  const { endpoints } = ok(
    await postern.api<{ endpoints: { ip: string }[] }>("GET", "/postern/v1/{pid}/endpoints"),
  );
  const url = `http://${endpoints[0]?.ip}:${port}`;

  const client = new Client({ node: url, requestTimeout: 30_000 });
  await client.indices.create({
    index: "stories",
    body: { settings: { number_of_shards: 1, number_of_replicas: nodes.length - 1 } },
  });
  const lines = Array.from({ length: documents }, (_, n) => [{ index: { _id: String(n) } }, { n }]).flat();
  await client.bulk({ index: "stories", body: lines, refresh: true });
  await first.untilGreen(nodes.length);

  let retries = 0;
  client.on("response", (_error, { meta }) => (retries += meta.attempts));
  const kept = new Agent({ keepAlive: true });
  const searchers = {
    "a connection per request": new Searcher(() => searchOnce(url, false), 20),
    "the official client": new Searcher(async () => {
      const { body } = await client.search({ index: "stories", size: 1 });
      check(body as unknown as Found);
    }, 5),
    // It would notice every connection that is cut while a request is on its way.
    "a kept connection that rests between requests, without retries": new Searcher(
      () => searchOnce(url, kept),
      1_500,
    ),
  };
  try {
    for (const node of nodes) {
      await cli("node", "drain", "library", node.url, "--timeout", "6s", "--wait");
      await node.stop();
      node.start();
      await node.untilGreen(nodes.length);
      await cli("node", "undrain", "library", node.url);
    }
  } finally {
    await Promise.all(Object.values(searchers).map((searcher) => searcher.stop()));
    kept.destroy();
    await client.close();
  }
  for (const [name, { failures, searches }] of Object.entries(searchers)) {
    expect([name, failures]).toEqual([name, []]);
    expect(searches).toBeGreaterThan(10);
  }
  // What the official client tried again went unnoticed by its caller; there is little of it.
  expect(retries).toBeLessThan(20);
  const answering = JSON.parse(await cli("node", "list", "library", "--json")) as {
    nodes: { state: string }[];
  };
  expect(answering.nodes.map(({ state }) => state)).toEqual(["serving", "serving", "serving"]);
}, 420_000);
