import { expect, test } from "vitest";
import { Endpoint } from "./endpoint.ts";
import { allocateSlotMemory, SlotCounters, SlotTotals } from "./slots.ts";

const nodes = ["a", "b", "c", "d"].map((host) => ({ host, port: 9200 }));
const state = { slot: 3, maxSession: 1, refusal: null, nodes };
const anybody = (): string => "127.0.0.1";

function startEndpoint(workerShare: number) {
  const memory = allocateSlotMemory(1);
  const own = memory.counters[0] ?? memory.live;
  const endpoint = new Endpoint(state, new SlotCounters(memory.live, own), workerShare);
  return { endpoint, totals: new SlotTotals(memory) };
}

function hosts(endpoint: Endpoint): string {
  return [...endpoint.rotation(9200)].map(({ host }) => host).join("");
}

test("goes round the nodes, workers starting apart, also when the list changes", () => {
  const [first, second] = [startEndpoint(0).endpoint, startEndpoint(0.5).endpoint];
  expect([hosts(first), hosts(first), hosts(second), hosts(second)]).toEqual([
    "abcd",
    "bcda",
    "cdab",
    "dabc",
  ]);
  first.update({ ...state, nodes: nodes.slice(0, 2) });
  expect([hosts(first), hosts(first)]).toEqual(["ab", "ba"]);
});

test("a client port leads to each node's own port, or to the one of its host that it is mapped to", () => {
  const { endpoint } = startEndpoint(0);
  const serverPorts = [{ clientPort: 81, serverPort: 9600 }];
  endpoint.update({ ...state, nodes: nodes.slice(0, 1), serverPorts });
  const leadsTo = (clientPort: number): number[] =>
    [...endpoint.rotation(clientPort)].map(({ port }) => port);
  expect([leadsTo(80), leadsTo(81), endpoint.serverPort(80)]).toEqual([[9200], [9600], undefined]);
});

test("says why nobody is let in: the refusal first, then the nodes, then the cap", () => {
  const { endpoint, totals } = startEndpoint(0);
  expect([endpoint.admit(anybody), endpoint.admit(anybody)]).toEqual([null, "session_cap"]);
  endpoint.update({ ...state, nodes: [] });
  expect(endpoint.admit(anybody)).toBe("no_healthy_node");
  endpoint.update({ ...state, nodes: [], refusal: "service_closed" });
  expect(endpoint.admit(anybody)).toBe("service_closed");
  endpoint.leave();
  endpoint.update(state);
  expect(endpoint.admit(anybody)).toBeNull();
  expect(totals.read(3)).toMatchObject({
    sessions: 1,
    newSessions: 2,
    refusals: { session_cap: 1, no_healthy_node: 1, service_closed: 1 },
  });
});
