import { expect, test } from "vitest";
import type { Flow } from "./conntrack/flow.ts";
import { isAtRest, lookAtRest, type FlowRest } from "./flow-rest.ts";

/** Packets and bytes that passed so far, with headers. */
function flow(sent: readonly [number, number], received: readonly [number, number]): Flow {
  const tuple = { source: "10.0.0.1", destination: "10.0.0.2", sourcePort: 1, destinationPort: 2 };
  return {
    original: tuple,
    reply: tuple,
    mark: 1,
    zone: 1,
    tcpState: 3,
    sent: { packets: sent[0], bytes: sent[1] },
    received: { packets: received[0], bytes: received[1] },
  };
}

const answered = flow([4, 500], [4, 3_000]);

function look(...looks: readonly (readonly [Flow, number])[]): FlowRest {
  return looks.reduce<FlowRest | undefined>(
    (before, [seen, now]) => lookAtRest(before, seen, now),
    undefined,
  ) as FlowRest;
}

test("a flow on which the node spoke last is at rest after two seconds", () => {
  const rest = look([answered, 0], [answered, 1_000]);
  expect([isAtRest(rest, 1_999), isAtRest(rest, 2_000)]).toEqual([false, true]);
});

test("one whose request was acknowledged and not answered never is", () => {
  const asked = flow([6, 1_200], [6, 3_104]);
  expect(isAtRest(look([answered, 0], [asked, 1_000], [asked, 60_000]), 600_000)).toBe(false);
  const found = flow([7, 1_252], [8, 5_000]);
  const rest = look([answered, 0], [asked, 1_000], [found, 60_000]);
  expect([isAtRest(rest, 61_999), isAtRest(rest, 62_000)]).toEqual([false, true]);
});

test("signs of life change nothing", () => {
  const alive = flow([5, 552], [5, 3_052]);
  expect(isAtRest(look([answered, 0], [alive, 1_900]), 2_000)).toBe(true);
});

test("one of which the kernel counts nothing, or that was never answered, is not", () => {
  expect(isAtRest(look([flow([0, 0], [0, 0]), 0]), 60_000)).toBe(false);
  expect(isAtRest(look([flow([2, 112], [1, 60]), 0]), 60_000)).toBe(false);
});
