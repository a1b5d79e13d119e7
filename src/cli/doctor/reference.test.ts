import { expect, test } from "vitest";
import { parseReference } from "./reference.ts";

const id = "c4d41552-ac87-4a93-8a44-bd829e88174d";

test.each([
  [id.toUpperCase(), { id }],
  [`vpcep-${id}.region-1.postern.internal`, { id, host: `vpcep-${id}.region-1.postern.internal` }],
  [`vpcep-${id}.region-1.x.:9201`, { id, host: `vpcep-${id}.region-1.x`, port: 9_201 }],
  ["Logs.example:65535", { host: "logs.example", port: 65_535 }],
  ["https://logs.example:9200/", { host: "logs.example", port: 9_200, scheme: "https" }],
  ["http://10.0.0.5:9200", { host: "10.0.0.5", port: 9_200, scheme: "http" }],
  ["10.0.0.5", { host: "10.0.0.5" }],
  ["fd00::5", { host: "fd00::5" }],
  ["[FD00::5]:9200", { host: "fd00::5", port: 9_200 }],
])("%s", (text, meant) => {
  expect(parseReference(text)).toEqual(meant);
});

test.each([
  "",
  ":9200",
  "-x:9200",
  "a:0",
  "a:65536",
  "a:b",
  "[10.0.0.5]:9200",
  "[::g]:1",
  "fe80::1%eth0",
  "ftp://a:1",
  "https://me:secret@a:1",
  "http://a:1/path",
  "a b:1",
])("%j is refused", (text) => {
  expect(() => parseReference(text)).toThrow("HOST:PORT");
});
