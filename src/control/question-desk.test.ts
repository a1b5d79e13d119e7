import { beforeEach, expect, test } from "vitest";
import type { GatewayId } from "../domain/ids.ts";
import { endpointId } from "../domain/test-fixtures.ts";
import { QuestionDesk } from "./question-desk.ts";

const [one, other] = ["g1" as GatewayId, "g2" as GatewayId];
const forever = new AbortController().signal;
const key = { source: { host: "10.0.0.7", port: 4_000 }, clientPort: 9200 };
const asked = { endpoint: endpointId, session: key };
/** Longer than any test takes. */
const patient = 60_000;

let gateways: { id: GatewayId; connected: boolean }[] = [];

beforeEach(() => {
  gateways = [{ id: one, connected: true }];
});

const deskOf = (longestWaitMs = patient): QuestionDesk => new QuestionDesk(() => gateways, longestWaitMs);

test("a question goes to who waits for it, and its answer to who asked", async () => {
  const desk = deskOf();
  const waiting = desk.next(one, patient, forever);
  const reply = desk.askAll("end_session", asked);
  const posted = await waiting;
  expect(posted?.question).toEqual({ kind: "end_session", ...asked });
  expect(desk.answer(one, posted?.id ?? "", { answer: { ended: true } })).toBe(true);
  expect(await reply).toEqual({ answers: [{ ended: true }], missing: [] });
});

test("a question waits for the gateway, which gets each of them once, the oldest first", async () => {
  const desk = deskOf();
  const replies = [desk.askAll("sessions", { limit: 1 }), desk.askAll("sessions", { limit: 2 })];
  const posted = [await desk.next(one, 0, forever), await desk.next(one, 0, forever)];
  expect(posted.map((each) => each?.question)).toEqual([
    { kind: "sessions", limit: 1 },
    { kind: "sessions", limit: 2 },
  ]);
  expect(await desk.next(one, 0, forever)).toBeUndefined();
  for (const { id = "" } of posted.map((each) => ({ ...each }))) {
    desk.answer(one, id, { answer: { total: 0, sessions: [] } });
  }
  await Promise.all(replies);
});

test("an answer that nobody asked this gateway for is refused, and so is a second one", async () => {
  gateways.push({ id: other, connected: true });
  const desk = deskOf();
  const reply = desk.askAll("end_session", asked);
  const [mine, yours] = [await desk.next(one, 0, forever), await desk.next(other, 0, forever)];
  const answer = { answer: { ended: false } };
  expect(desk.answer(other, mine?.id ?? "", answer)).toBe(false);
  expect(desk.answer(one, "made-up", answer)).toBe(false);
  expect(desk.answer("g3" as GatewayId, mine?.id ?? "", answer)).toBe(false);
  expect(desk.answer(one, mine?.id ?? "", answer)).toBe(true);
  expect(desk.answer(one, mine?.id ?? "", answer)).toBe(false);
  expect(desk.answer(other, yours?.id ?? "", { failure: "no room" })).toBe(true);
  expect(await reply).toEqual({
    answers: [{ ended: false }],
    missing: [{ gateway: other, reason: "no room" }],
  });
});

test("where nobody answers, the error says who and why", async () => {
  const desk = deskOf(1);
  gateways = [
    { id: one, connected: true },
    { id: other, connected: false },
  ];
  await expect(desk.askAll("sessions", { limit: 1 })).rejects.toThrow(
    /gateway g1: it did not answer within 0.001 s; it may be of a version.*gateway g2: it is not connected/,
  );
  gateways = [];
  await expect(desk.askAll("sessions", { limit: 1 })).rejects.toThrow("No gateway is registered");
  // What nobody waits for any more is not given out.
  expect(await desk.next(one, 0, forever)).toBeUndefined();
});

test("a poll that ends takes no question with it, and a later one takes its place", async () => {
  const desk = deskOf();
  const controller = new AbortController();
  const gone = desk.next(one, patient, controller.signal);
  controller.abort();
  expect(await gone).toBeUndefined();
  const earlier = desk.next(one, patient, forever);
  const later = desk.next(one, patient, forever);
  expect(await earlier).toBeUndefined();
  const reply = desk.askAll("end_session", asked);
  const posted = await later;
  desk.answer(one, posted?.id ?? "", { answer: { ended: true } });
  await reply;
});

test("64 questions may wait for a gateway, and no more", async () => {
  const desk = deskOf();
  const replies = Array.from({ length: 64 }, () => desk.askAll("end_session", asked));
  await expect(desk.askAll("end_session", asked)).rejects.toThrow("64 questions wait");
  for (let posted; (posted = await desk.next(one, 0, forever));) {
    desk.answer(one, posted.id, { answer: { ended: true } });
  }
  expect(await Promise.all(replies)).toHaveLength(64);
});
