import { expect, onTestFinished, test } from "vitest";
import { createLogger } from "../lib/log.ts";
import { TestClock } from "../lib/test-clock.ts";
import { openTestStore } from "../store/test-store.ts";
import { AuditRetention } from "./audit-retention.ts";

const entry = { actor: "a", action: "b", resource: "c" };
const dayMs = 86_400_000;

test("what is older than the trail is kept goes, and the rest still fits", async () => {
  const clock = new TestClock();
  const store = await openTestStore(undefined, clock);
  const retention = new AuditRetention(store.audit, clock, 2, createLogger("unit", "silent"));
  onTestFinished(() => retention.stop());
  const write = () => store.write(entry, () => Promise.resolve());
  for (let n = 0; n < 450; n += 1) await write();
  clock.advance(dayMs + 1);
  for (let n = 0; n < 3; n += 1) await write();
  expect(await retention.trim()).toBe(0);
  clock.advance(dayMs);
  expect(await retention.trim()).toBe(450);
  expect(await store.audit.verify()).toMatchObject({
    count: 3,
    firstSeq: 451,
    trimmedUpToSeq: 450,
    fault: null,
  });
  clock.advance(9 * dayMs);
  expect(await retention.trim()).toBe(3);
  expect(await store.audit.verify()).toMatchObject({ count: 0, firstSeq: null, fault: null });
  await write();
  expect(await store.audit.verify()).toMatchObject({ count: 1, firstSeq: 454, fault: null });
});
