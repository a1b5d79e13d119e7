import { expect, test, vi } from "vitest";
import { isLogLevel, levelOf } from "./wanted-level.ts";

test("a level holds until it is taken back, or another is asked for", () => {
  const log = { level: "warn" };
  const wanted = levelOf(log);
  wanted.set("debug");
  expect([log.level, wanted.level]).toEqual(["debug", "debug"]);
  wanted.set("error");
  expect(log.level).toBe("error");
  wanted.set(undefined);
  expect([log.level, wanted.level]).toEqual(["warn", undefined]);
});

test("for a time, it ends by itself, and a later wish is not ended by an earlier one", async () => {
  const log = { level: "warn" };
  const wanted = levelOf(log);
  wanted.set("debug", 1);
  await vi.waitFor(() => expect(log.level).toBe("warn"));
  wanted.set("debug", 1);
  wanted.set("error");
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(log.level).toBe("error");
});

test("toggling goes to debug and back", () => {
  const log = { level: "info" };
  const wanted = levelOf(log);
  wanted.toggle();
  expect(log.level).toBe("debug");
  wanted.toggle();
  expect(log.level).toBe("info");
});

test("levels are known by name", () => {
  expect(["debug", "loud", 7, undefined].map(isLogLevel)).toEqual([true, false, false, false]);
});
