import { randomInt } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { Chance } from "../../test/support/chance.ts";
import { buildSnapshot, type DesiredState } from "../domain/build-snapshot.ts";
import { fullWeight } from "../domain/desired.ts";
import { Compiler } from "../domain/compile.ts";
import { explain, type Explanation } from "../domain/explain.ts";
import { refusalReasons } from "../domain/refusal.ts";
import type { EndpointFigures } from "../domain/report.ts";
import type { Endpoint } from "../domain/resources.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { aVpc, gatewayId, namePlace, uuid } from "../domain/test-fixtures.ts";
import type { VpcId } from "../domain/ids.ts";
import { ProxyEngine } from "./proxy/engine.ts";
import { TestClient, TestNode, until } from "./proxy/testing.ts";
import {
  calmStateOf,
  canHold,
  someSituation,
  stateOf,
  type Situation,
  type SituationPlace,
} from "./test-situations.ts";

const situationsABatch = 50;
const batches = 20;

const sources = ["127.0.0.1", "127.9.0.7", "127.9.1.7", "127.10.0.1"];

async function startPlace(): Promise<SituationPlace> {
  const nodes = [await TestNode.start(), await TestNode.start(), await TestNode.start()];
  onTestFinished(() => {
    for (const node of nodes) node.stop();
  });
  const block = randomInt(100, 200);
  return {
    addressOf: (n) => ({
      address: `127.${block}.${Math.floor(n / 200)}.${(n % 200) + 1}` as Endpoint["address"],
      address6: null,
    }),
    sources,
    holders: sources,
    sourceEntries: ["127.9.0.0/16", "127.9.1.7", "127.0.0.1", "10.0.0.0/8", "fd00::/8"],
    nodes: nodes.map(({ host, port }) => ({ host, port })),
    vpc: aVpc({ cidr: "127.0.0.0/8" }),
    unattached: aVpc({ id: uuid(9) as VpcId, attachment: { kind: "none" } }),
  };
}

/** What a connection met. */
async function outcomeOf(client: TestClient): Promise<"admitted" | "reset" | "nobody"> {
  client.socket.write("hello");
  await until("a connection came to an end", () => client.received !== "" || client.errorCode !== null);
  if (client.received === "hello") return "admitted";
  return client.errorCode === "ECONNREFUSED" ? "nobody" : "reset";
}

/** What has to happen where it is as explained. */
function outcomeAsExplained({ verdict }: Explanation): string {
  return verdict === "admitted" ? "admitted" : verdict === "refused" ? "reset" : "nobody";
}

function counted(before: EndpointFigures | undefined, after: EndpointFigures | undefined): readonly string[] {
  return refusalReasons.flatMap((reason) =>
    Array.from({ length: (after?.refusals[reason] ?? 0) - (before?.refusals[reason] ?? 0) }, () => reason),
  );
}

test(`explain predicts what the gateway does in ${situationsABatch * batches} random situations`, async () => {
  const seed = randomInt(2 ** 31);
  const chance = new Chance(seed);
  const place = await startPlace();
  const engine = await ProxyEngine.start({ workers: 2, log: { warn: () => {}, error: () => {} } });
  onTestFinished(() => engine.close());
  const seen = new Map<string, number>();
  for (let batch = 0; batch < batches; batch += 1) {
    const situations = Array.from({ length: situationsABatch }, (_, index) =>
      someSituation(chance, place, batch * situationsABatch + index + 1),
    );
    const asked = await meet(engine, place, situations);
    for (const { situation, explanation, ...met } of asked) {
      const { verdict, reason } = explanation;
      const told = { seed, question: situation.question, explanation };
      const reasons = verdict === "refused" ? [reason] : [];
      expect({ ...met, ...told }).toEqual({ outcome: outcomeAsExplained(explanation), reasons, ...told });
      seen.set(`${verdict} ${reason ?? ""}`, (seen.get(`${verdict} ${reason ?? ""}`) ?? 0) + 1);
    }
  }
  // Every way to end is among them, and none is rare.
  const ways = ["admitted", "refused", "unreachable"].map((verdict) =>
    [...seen].filter(([key]) => key.startsWith(verdict)).reduce((sum, [, times]) => sum + times, 0),
  );
  expect(Math.min(...ways)).toBeGreaterThan(100);
  expect([...seen.keys()]).toHaveLength(10);
}, 60_000);

function snapshotOf(state: DesiredState): Snapshot {
  return buildSnapshot(state, gatewayId, namePlace, String);
}

/** Lets the gateway become as the situations say, and asks in each. */
async function meet(engine: ProxyEngine, place: SituationPlace, situations: readonly Situation[]) {
  const usable = new Map(
    situations.flatMap(({ facts }) => facts.cluster.nodes.map((node) => [node.id, facts.isUsable(node)])),
  );
  const compiler = new Compiler();
  await engine.apply(
    compiler.compile(snapshotOf(calmStateOf(situations, place)), () => fullWeight, 0).endpoints,
  );
  const held = await Promise.all(situations.filter((one) => canHold(one, place)).flatMap(hold));
  await engine.apply(
    compiler.compile(
      snapshotOf(stateOf(situations, place)),
      (id) => (usable.get(id) === false ? 0 : fullWeight),
      0,
    ).endpoints,
  );
  const before = figuresById(engine);
  const met = await Promise.all(
    situations.map(async (situation) => {
      const { id, address } = situation.facts.endpoint;
      const { source, port } = situation.question;
      const explanation = explain({ ...situation.facts, figures: before.get(id) }, situation.question);
      const client = new TestClient(address, port, source);
      const outcome = await outcomeOf(client);
      return { situation, explanation, outcome, client };
    }),
  );
  const after = figuresById(engine);
  for (const { client } of met) client.socket.destroy();
  for (const client of held) client.socket.destroy();
  return met.map(({ client: _client, ...rest }) => {
    const { id } = rest.situation.facts.endpoint;
    return { ...rest, reasons: counted(before.get(id), after.get(id)) };
  });
}

function hold({ facts, held, heldFrom }: Situation): readonly Promise<TestClient>[] {
  const port = facts.service.ports[0]?.clientPort ?? facts.cluster.clientPort;
  return Array.from({ length: held }, async () => {
    const client = new TestClient(facts.endpoint.address, port, heldFrom);
    await client.ask("held");
    return client;
  });
}

function figuresById(engine: ProxyEngine): ReadonlyMap<string, EndpointFigures> {
  return new Map(engine.figures().map((figures) => [figures.endpointId, figures]));
}
