import { Client } from "@opensearch-project/opensearch";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openLiveSession } from "../../demo/live-session.ts";
import { provideCluster } from "../../demo/opensearch/provide.ts";
import type { ProvidedCluster } from "../../demo/opensearch/provide.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { ok } from "../support/service.ts";
import { refusalOf } from "../support/session.ts";

/** The first run on a machine also downloads OpenSearch. */
const startTimeoutMs = 420_000;

let cluster: ProvidedCluster | undefined;
let obstacle = "";
let postern: Postern;
beforeAll(async () => {
  const system = startPostern();
  cluster = await provideCluster({ allowStandIn: false }).catch((error: unknown) => {
    obstacle = error instanceof Error ? error.message : String(error);
    return undefined;
  });
  postern = await system;
}, startTimeoutMs);
afterAll(async () => {
  await cluster?.stop();
  await postern.stop();
});
beforeEach(({ skip }) => skip(cluster === undefined, obstacle));

const stories = [
  { title: "The gate", text: "A small gate in the wall of the castle" },
  { title: "The moat", text: "Water around the castle" },
  { title: "The market", text: "Bread, fish and cloth" },
];

test("the official client works through the endpoint, until the owner rejects it, and again when accepted", async () => {
  const port = await freePort("0.0.0.0");
  const added = ok(
    await postern.api<{ id: string; engine: string; version: string }>("POST", "/postern/v1/{pid}/clusters", {
      name: "library",
      nodes: [cluster?.url],
      client_port: port,
    }),
  );
  expect(added).toMatchObject({ engine: cluster?.engine, version: cluster?.version });
  const path = `/v1.0/{pid}/clusters/${added.id}/vpcepservice`;
  ok(await postern.api("POST", `${path}/open`, {}));
  const { connections } = ok(
    await postern.api<{ connections: { id: string; vpcepIp: string }[] }>("GET", `${path}/connections`),
  );
  const [connection] = connections;
  if (!connection) throw new Error("Opening made no endpoint");
  const endpoint = { ip: connection.vpcepIp, port };
  const url = `http://${endpoint.ip}:${port}`;
  const decide = async (action: string) =>
    ok(await postern.api("POST", `${path}/connections`, { action, endpoint_id_list: [connection.id] }));

  // No second tries: what the endpoint refuses must show.
  const client = new Client({ node: url, maxRetries: 0, requestTimeout: 60_000 });
  const find = async (text: string) => {
    const { body } = await client.search({ index: "stories", body: { query: { match: { text } } } });
    return body.hits.hits.map(({ _id: id }) => String(id)).toSorted((a, b) => a.localeCompare(b));
  };
  try {
    const lines = stories.flatMap((story, index) => [
      { index: { _index: "stories", _id: String(index) } },
      story,
    ]);
    const written = await client.bulk({ body: lines, refresh: true });
    expect(written.body).toMatchObject({ errors: false });
    expect(await find("castle")).toEqual(["0", "1"]);

    const live = await openLiveSession(url);
    expect(await live.request()).toBe(200);
    await decide("reject");
    const death = await eventually(() => live.death(), { what: "the end of the live session" });
    expect(death.how).toBe("ECONNRESET");
    expect(await refusalOf(endpoint)).toBe("ECONNRESET");
    await expect(find("castle")).rejects.toThrow(/ECONNRESET|socket hang up/);

    await decide("receive");
    expect(await find("castle")).toEqual(["0", "1"]);
    expect(await find("fish")).toEqual(["2"]);
  } finally {
    await client.close();
  }
});
