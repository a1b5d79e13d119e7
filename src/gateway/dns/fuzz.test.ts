import { readFileSync } from "node:fs";
import { decode } from "dns-packet";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answer } from "./answer.ts";
import { aQuery, aView, name, zone } from "./test-dns.ts";

const corpus = readFileSync(
  new URL("../../../test/support/dns/hostile-messages.txt", import.meta.url),
  "utf8",
)
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => Buffer.from(line.replaceAll(" ", "").replace(/^\.$/, ""), "hex"));
const view = aView();
const runs = { numRuns: 3_000 };

const bytes = (most: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength: most }).map((array) => Buffer.from(array));
const names = fc.constantFrom(name, name.toUpperCase(), zone, `ns.${zone}`, `x.${name}`, "example.com", ".");
const types = fc.constantFrom("A", "AAAA", "SOA", "NS", "ANY", "AXFR", "TXT");
const queries = fc.tuple(names, types).map(([question, type]) => aQuery(question, type));
/** A query, or a message of the corpus, with some bytes that are others, and cut off or longer. */
const bent = fc
  .tuple(
    fc.oneof(queries, fc.constantFrom(...corpus)),
    fc.array(fc.tuple(fc.nat(80), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
    fc.nat(120),
    bytes(40),
  )
  .map(([message, changes, length, more]) => {
    const copy = Buffer.concat([message, more]).subarray(0, length);
    for (const [at, value] of changes) if (at < copy.length) copy.writeUInt8(value, at);
    return copy;
  });

/** Returns what is wrong with the answer to a message. */
function faults(message: Buffer, transport: "udp" | "tcp"): readonly string[] {
  const reply = answer(message, view, transport);
  if (!reply)
    return message.length < 12 || message.readUInt8(2) >= 0x80 ? [] : ["a query that nobody answered"];
  const packet = decode(reply);
  const records = (packet.answers?.length ?? 0) + (packet.authorities?.length ?? 0);
  const stranger = Buffer.from([127, 81]);
  const findings = {
    "another id": reply.readUInt16BE(0) !== message.readUInt16BE(0),
    "no answer": (reply.readUInt8(2) & 0xf8) !== ((message.readUInt8(2) & 0x78) | 0x80),
    "too long": reply.length > (transport === "udp" ? 1_232 : message.length + 600),
    "more records than were asked for": records > 1,
    "something of another network": reply.includes(stranger) && !message.includes(stranger),
  };
  return Object.entries(findings).flatMap(([finding, isSo]) => (isSo ? [finding] : []));
}

describe.each(["udp", "tcp"] as const)(
  "over %s, every message gets a well-formed answer or none",
  (transport) => {
    test("those that are known to be hostile", () => {
      expect(corpus.length).toBeGreaterThan(25);
      for (const message of corpus) expect(faults(message, transport)).toEqual([]);
    });

    test("any bytes", () => {
      fc.assert(
        fc.property(bytes(600), (message) => {
          expect(faults(message, transport)).toEqual([]);
        }),
        runs,
      );
    });

    test("queries that were bent", () => {
      fc.assert(
        fc.property(bent, (message) => {
          expect(faults(message, transport)).toEqual([]);
        }),
        runs,
      );
    });
  },
);

test("the longest message is read in a time that its length explains", () => {
  const header = Buffer.from("123400000001000000000008", "hex");
  const question = Buffer.from("0000010001", "hex");
  const labels = Buffer.from("\x01a".repeat(32_700), "latin1");
  // It would never end if it were followed, or take long if it were read once for each of its bytes.
  for (const rest of [labels, Buffer.alloc(65_000, 0xc0), Buffer.alloc(65_000, 0x3f), Buffer.alloc(65_000)])
    for (const start of [header, Buffer.concat([header, question])])
      expect(faults(Buffer.concat([start, rest]), "tcp")).toEqual([]);
});
