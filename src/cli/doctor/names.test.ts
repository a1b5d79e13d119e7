import { describe, expect, test } from "vitest";
import { judgeName, type NameAnswer } from "./names.ts";
import { resolveAt, resolveBySystem } from "./resolve.ts";
import { aKnownEndpoint } from "./test-endpoint.ts";

const name = "vpcep-1.region-1.postern.internal";
const none: NameAnswer = { addresses: [] };
const at = (...addresses: string[]): NameAnswer => ({ addresses });

const dual = aKnownEndpoint({ addresses: ["10.0.0.5", "fd00::5"], nameServer: "10.0.0.3" });
const single = aKnownEndpoint();

describe("a name that resolves", () => {
  test.each([
    ["as it should", dual, at("10.0.0.5"), at("fd00::5"), ["ok", "ok"], /10\.0\.0\.5\.$/],
    ["without an address that is not there", single, at("10.0.0.5"), none, ["ok", "ok"], /none is expected/],
    ["elsewhere", single, at("10.9.9.9"), none, ["failed", "ok"], /10\.9\.9\.9 instead of 10\.0\.0\.5/],
    ["to more", single, at("10.0.0.5", "10.9.9.9"), none, ["warning", "ok"], /only 10\.0\.0\.5/],
    ["in one family of two", dual, at("10.0.0.5"), none, ["ok", "warning"], /is at fd00::5/],
    ["elsewhere in IPv6", single, at("10.0.0.5"), at("fd00::9"), ["ok", "failed"], /without IPv6 address/],
    ["in IPv6 only", single, none, at("fd00::9"), ["failed", "failed"], /has no IPv4 address instead/],
    ["and nobody knows whereto", undefined, at("10.9.9.9"), none, ["ok", "ok"], /resolves to 10\.9\.9\.9/],
    [
      "in one family, the other unanswered",
      single,
      at("10.0.0.5"),
      { addresses: [], error: "EAI_AGAIN" },
      ["ok", "failed"],
      /EAI_AGAIN/,
    ],
  ])("%s", (_how, known, ipv4, ipv6, verdicts, text) => {
    const findings = judgeName({ name, ipv4, ipv6 }, known);
    expect(findings.map(({ check }) => check)).toEqual(["IPv4 name", "IPv6 name"]);
    expect(findings.map(({ verdict }) => verdict)).toEqual(verdicts);
    expect(findings.map((finding) => finding.text).join("\n")).toMatch(new RegExp(text.source, "m"));
    for (const { verdict, fix } of findings) expect(fix === undefined).toBe(verdict === "ok");
  });
});

describe("a name that does not", () => {
  test.each([
    [
      "is forwarded nowhere",
      dual,
      at("10.0.0.5"),
      /name server does/,
      /server=\/region-1\.postern\.internal\/10\.0\.0\.3#5300 /,
    ],
    ["is not published", dual, none, /^Not even/, /postern status/],
    [
      "cannot be asked for there",
      dual,
      { addresses: [], error: "ETIMEOUT" },
      /does not know/,
      /\/10\.0\.0\.3 \(docs/,
    ],
    ["is of an unknown network", single, undefined, /does not know/, /forward region-1\.postern\.internal/],
    [
      "is withdrawn",
      aKnownEndpoint({ status: "rejected" }),
      undefined,
      /are published while/,
      /endpoint's check/,
    ],
  ])("%s", (_why, known, atNameServer, text, fix) => {
    const facts = {
      name,
      ipv4: none,
      ipv6: none,
      ...(atNameServer !== undefined && { atNameServer: { port: 5_300, ...atNameServer } }),
    };
    const [finding, other] = judgeName(facts, known);
    expect(finding).toMatchObject({ verdict: "failed", text: expect.stringMatching(text) });
    expect(finding?.fix).toMatch(fix);
    expect(other?.verdict).toBe("skipped");
  });

  test("is the resolver's fault where that gives no answer", () => {
    const [finding] = judgeName({ name, ipv4: { addresses: [], error: "EAI_AGAIN" }, ipv6: none }, undefined);
    expect(finding).toMatchObject({ verdict: "failed", text: expect.stringContaining("EAI_AGAIN") });
    expect(finding?.fix).toContain("resolv.conf");
  });
});

describe("asking", () => {
  test("the system knows localhost, and addresses are themselves", async () => {
    expect(await resolveBySystem("localhost", 4, 5_000)).toEqual(at("127.0.0.1"));
    expect(await resolveBySystem("10.0.0.5", 4, 5_000)).toEqual(at("10.0.0.5"));
    expect(await resolveBySystem("10.0.0.5", 6, 5_000)).toEqual(none);
    expect(await resolveBySystem("fd00::5", 6, 5_000)).toEqual(at("fd00::5"));
  });

  test("a name server that is not there is an error, not a name that does not exist", async () => {
    expect(await resolveAt("127.99.99.99", name, 5_000)).toMatchObject({
      addresses: [],
      error: "ECONNREFUSED",
    });
  });
});
