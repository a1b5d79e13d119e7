import { expect, test } from "vitest";
import { uuid, vpcId } from "../../domain/test-fixtures.ts";
import type { EndpointId } from "../../domain/ids.ts";
import type { EndedFlow } from "./conntrack/flow-ends.ts";
import { flowRecord } from "./ended-session.ts";
import { rulesetText } from "./nft/ruleset.ts";

const endedAt = 1_000_000;
const name = { endpointId: uuid(1) as EndpointId, network: vpcId };
const flow: EndedFlow = {
  original: { source: "10.0.0.7", destination: "10.0.0.50", sourcePort: 40_000, destinationPort: 9200 },
  reply: { source: "10.8.0.3", destination: "10.8.0.1", sourcePort: 9201, destinationPort: 40_000 },
  mark: 7,
  zone: 1,
  tcpState: 7,
  sent: { packets: 5, bytes: 500 },
  received: { packets: 6, bytes: 6_000 },
  startedAt: 900_000,
  endedAt,
  isRequested: false,
  secondsLeft: 0,
};

const ended = (wish: Partial<EndedFlow>) => flowRecord({ ...flow, ...wish }, name, 5_000_000);

test("a record says who was carried where, and how much", () => {
  expect(ended({})).toEqual({
    startedAt: 900_000,
    endedAt: endedAt - 60_000,
    endpointId: name.endpointId,
    network: vpcId,
    source: { host: "10.0.0.7", port: 40_000 },
    node: { host: "10.8.0.3", port: 9201 },
    bytesIn: 500,
    bytesOut: 6_000,
    reason: "closed",
  });
});

test("no session ends before it starts", () => {
  const startedAt = endedAt - 300;
  expect(ended({ startedAt, isRequested: true, secondsLeft: 59 })).toMatchObject({
    startedAt,
    endedAt: startedAt,
  });
});

test("a kernel that does not note the time has a record of when it was read", () => {
  const { startedAt: _started, endedAt: _ended, ...timeless } = flow;
  expect(flowRecord({ ...timeless, tcpState: 3 }, name, 5_000_000)).toMatchObject({ endedAt: 5_000_000 });
  expect(flowRecord(timeless, name, 5_000_000)).not.toHaveProperty("startedAt");
});

const [synSent, synReceived, established, finWait, closeWait, lastAck, timeWait, close] = [
  1, 2, 3, 4, 5, 6, 7, 8,
];

test.each([
  ["its time was over with both ends done", { tcpState: timeWait }, "closed"],
  [
    "it was flushed with both ends done",
    { tcpState: timeWait, isRequested: true, secondsLeft: 40 },
    "closed",
  ],
  ["the last acknowledgement did not come", { tcpState: lastAck }, "closed"],
  ["an end sent a reset", { tcpState: close }, "reset"],
  ["it was flushed after a reset", { tcpState: close, isRequested: true, secondsLeft: 3 }, "reset"],
  [
    "it was flushed while it lived",
    { tcpState: established, isRequested: true, secondsLeft: 3_000 },
    "severed",
  ],
  ["it was flushed while it opened", { tcpState: synSent, isRequested: true, secondsLeft: 9 }, "severed"],
  [
    "it was flushed while one end was done",
    { tcpState: lastAck, isRequested: true, secondsLeft: 9 },
    "severed",
  ],
  ["nobody said a thing", { tcpState: established }, "idle_timeout"],
  ["one end was done and the other silent", { tcpState: finWait }, "idle_timeout"],
  ["one end was done and the other silent", { tcpState: closeWait }, "idle_timeout"],
  ["no node answered", { tcpState: synSent }, "unanswered"],
  ["the consumer did not answer the node", { tcpState: synReceived }, "unanswered"],
  ["the kernel had no room", { tcpState: synReceived, secondsLeft: 7 }, "dropped"],
  ["the interface went away", { tcpState: established, secondsLeft: 3_000 }, "dropped"],
  ["the kernel is old", { tcpState: undefined }, "unknown"],
] as const)("%s: %j is %s", (_what, wish, reason) => {
  expect(ended(wish).reason).toBe(reason);
});

test("it ended with its last packet, and not when the kernel ceased to remember it", () => {
  const policy = /policy = \{ (.*?) \}/.exec(rulesetText())?.[1] ?? "";
  const seconds = new Map(policy.split(", ").map((each) => each.split(" : ") as [string, string]));
  for (const [state, tcpState] of [
    ["last_ack", lastAck],
    ["time_wait", timeWait],
    ["close", close],
  ] as const) {
    expect(ended({ tcpState }).endedAt).toBe(endedAt - Number(seconds.get(state)) * 1_000);
    expect(ended({ tcpState, secondsLeft: 3 }).endedAt).toBe(
      endedAt - (Number(seconds.get(state)) - 3) * 1_000,
    );
    expect(ended({ tcpState, secondsLeft: 9_999 }).endedAt).toBe(endedAt);
  }
  for (const tcpState of [synSent, established, finWait, closeWait]) {
    expect(ended({ tcpState }).endedAt).toBe(endedAt);
  }
});
