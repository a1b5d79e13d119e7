import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Clock } from "../lib/clock.ts";
import { TestClock } from "../lib/test-clock.ts";
import { testDirectory } from "../lib/test-directory.ts";
import { SqlStore } from "./sql-store.ts";

/** What tests authenticate their audit trails with. */
export const testAuditKey = Buffer.alloc(32, 7);

/** Opens a store on a real database file that goes with the running test. */
export async function openTestStore(
  file = join(testDirectory(), "postern.db"),
  clock: Clock = new TestClock(),
  auditKey: Buffer = testAuditKey,
): Promise<SqlStore> {
  const store = await SqlStore.open(file, clock, auditKey);
  // Before the directory goes: hooks run last in, first out.
  onTestFinished(() => store.close());
  return store;
}
