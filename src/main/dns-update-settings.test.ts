import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testDirectory } from "../lib/test-directory.ts";
import { readUpdatedZones } from "./dns-update-settings.ts";

const secret = Buffer.alloc(32, 5);
const entry = {
  vpc_id: "11111111-2222-4333-8444-555555555555",
  server: "10.0.0.53",
  zone: "Region-1.postern.internal.",
  key: "postern-key.",
  secret_file: "secret",
};

function read(content: unknown, secretText = `${secret.toString("base64")}\n`) {
  const directory = testDirectory();
  const path = join(directory, "update.json");
  writeFileSync(join(directory, "secret"), secretText);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return readUpdatedZones(path);
}

test("each zone has a network, a place and a key", () => {
  expect(read({ zones: [entry, { ...entry, port: 5353 }] })).toEqual(
    [53, 5353].map((port) => ({
      vpcId: entry.vpc_id,
      server: "10.0.0.53",
      port,
      zone: "region-1.postern.internal",
      key: { name: "postern-key", secret },
    })),
  );
});

test("what cannot be meant is refused with what to do", () => {
  expect(() => read("{")).toThrow("cannot be read as JSON");
  expect(() => read({ zones: [] })).toThrow('It takes {"zones": [{"vpc_id"');
  expect(() => read({ zones: [{ ...entry, port: 0 }] })).toThrow('At "/zones/0/port"');
  expect(() => read({ zones: [{ ...entry, zone: "a..b" }] })).toThrow('At "/zones/0/zone"');
  expect(() => read({ zones: [{ ...entry, vpc_id: "default" }] })).toThrow("`postern vpc list` shows them");
  expect(() => read({ zones: [{ ...entry, secret_file: "none" }] })).toThrow("cannot be read: ENOENT");
  expect(() => read({ zones: [entry] }, "c2hvcnQ=")).toThrow("of at least 16 bytes");
  expect(() => read({ zones: [entry] }, 'secret "abc";')).toThrow("is no secret file");
});

test("two networks cannot share a zone, but may have views of it, each with its key", () => {
  const other = { ...entry, vpc_id: "21111111-2222-4333-8444-555555555555" };
  expect(() => read({ zones: [entry, other] })).toThrow("names the same zone for two networks");
  expect(read({ zones: [entry, { ...other, key: "other-key" }] })).toHaveLength(2);
});
