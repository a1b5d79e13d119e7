import { createServer } from "node:net";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { StartError } from "../lib/start-error.ts";
import { testDirectory } from "../lib/test-directory.ts";
import { metricsArgs, readMetrics } from "./metrics-settings.ts";
import { startMetrics } from "./start-metrics.ts";

test("where nothing is said metrics are on loopback, at the port of the process", () => {
  expect(readMetrics("server", undefined, undefined)).toEqual({
    listen: { host: "127.0.0.1", port: 9701 },
    isDefault: true,
  });
  expect(readMetrics("gateway", undefined, undefined)).toMatchObject({ listen: { port: 9702 } });
  expect(readMetrics("gateway", "off", undefined)).toBeUndefined();
});

test("an address that others than this host reach takes a token", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "[::1]", "localhost", ""]) {
    expect(readMetrics("server", `${host}:9701`, undefined)).toMatchObject({ isDefault: false });
  }
  for (const host of [
    "0.0.0.0",
    "[::]",
    "10.0.0.5",
    "[2001:db8::1]",
    "metrics.example",
    "[::ffff:10.0.0.5]",
  ]) {
    expect(() => readMetrics("server", `${host}:9701`, undefined)).toThrow(/--metrics-token-file/);
    expect(readMetrics("server", `${host}:9701`, "/etc/token")).toMatchObject({ tokenFile: "/etc/token" });
  }
  expect(() => readMetrics("server", "9701", undefined)).toThrow(StartError);
});

test("postern up says to each process what was said of it", () => {
  expect(metricsArgs("server", {})).toEqual([]);
  const flags = { metricsServer: "off", metricsGateway: "0.0.0.0:1", metricsTokenFile: "/etc/token" };
  expect(metricsArgs("server", flags)).toEqual(["--metrics", "off", "--metrics-token-file", "/etc/token"]);
  expect(metricsArgs("gateway", flags)).toEqual([
    "--metrics",
    "0.0.0.0:1",
    "--metrics-token-file",
    "/etc/token",
  ]);
  expect(() => metricsArgs("gateway", { metricsGateway: "0.0.0.0:1" })).toThrow(StartError);
});

/** A logger, and the warnings that it got. */
function listeningLog() {
  const lines: string[] = [];
  return { lines, log: pino({ level: "warn" }, { write: (line: string) => void lines.push(line) }) };
}

test("where a port is taken that nobody asked for the process says so and goes on; one that was asked for is an error", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void holder.close());
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  const { lines, log } = listeningLog();
  const settings = { listen: { host: "127.0.0.1", port }, isDefault: true };
  expect(await startMetrics(settings, [], log)).toBeUndefined();
  expect(lines.join()).toContain(`Port ${port} on 127.0.0.1 is taken`);
  await expect(startMetrics({ ...settings, isDefault: false }, [], log)).rejects.toThrow(/taken.*--metrics/);
  expect(await startMetrics(undefined, [], log)).toBeUndefined();
});

test("a token that is none is an error before anything listens", async () => {
  const tokenFile = join(testDirectory(), "token");
  const settings = { listen: { host: "127.0.0.1", port: 0 }, isDefault: false, tokenFile };
  const { log } = listeningLog();
  await expect(startMetrics(settings, [], log)).rejects.toThrow(/ENOENT.*openssl/);
  writeFileSync(tokenFile, "short");
  await expect(startMetrics(settings, [], log)).rejects.toThrow(/16 to 4096/);
  writeFileSync(tokenFile, "x".repeat(32));
  const running = await startMetrics(settings, [], log);
  await running?.close();
});
