import { describe, expect, test } from "vitest";
import { startTestNode, testCertificate } from "../../lib/test-node.ts";
import { judgeCertificate, judgePlain, judgeUnwantedTls, readCertificate } from "./certificate.ts";

const address = "127.0.0.1";
const patienceMs = 10_000;

describe("reading", () => {
  test("a certificate that fits and is trusted", async () => {
    const { key, cert } = testCertificate();
    const { port } = await startTestNode(() => undefined, { key, cert });
    const facts = await readCertificate({ address, port, calledBy: address, ca: cert }, patienceMs);
    expect(facts).toMatchObject({ names: "IP Address:127.0.0.1", fits: true, chainError: undefined });
  });

  test("a certificate that neither fits nor is trusted is read as well; its common name counts for nothing", async () => {
    const { port } = await startTestNode(() => undefined, testCertificate());
    const facts = await readCertificate({ address, port, calledBy: "node", ca: undefined }, patienceMs);
    expect(facts).toMatchObject({ fits: false, chainError: "DEPTH_ZERO_SELF_SIGNED_CERT" });
  });

  test("plain HTTP is no TLS", async () => {
    const { port } = await startTestNode((_request, response) => void response.end());
    const answer = await readCertificate({ address, port, calledBy: address, ca: undefined }, patienceMs);
    expect(answer).toEqual({ error: expect.stringMatching(/./) });
  });
});

describe("judging", () => {
  const now = new Date("2026-06-01");
  const good = {
    names: "DNS:logs.example",
    fits: true,
    chainError: undefined,
    validFrom: new Date("2026-01-01"),
    validTo: new Date("2027-01-01"),
  };

  test.each([
    [{}, false, "ok", /fits logs\.example.*2027-01-01/],
    [{ validTo: new Date("2026-05-31") }, true, "failed", /expired on 2026-05-31/],
    [{ validTo: new Date("2026-06-10") }, true, "warning", /expires on 2026-06-10/],
    [{ validFrom: new Date("2026-07-01") }, true, "failed", /only from 2026-07-01/],
    [{ chainError: "SELF_SIGNED" }, true, "failed", /the given file holds \(SELF_SIGNED\)/],
    [{ chainError: "SELF_SIGNED" }, false, "failed", /is trusted here/],
    [{ fits: false }, false, "failed", /not for logs\.example: it names DNS:logs\.example/],
    [{ fits: false, names: "" }, false, "failed", /no name at all/],
  ])("%j, CA given: %s", (wish, hasCa, verdict, text) => {
    const finding = judgeCertificate({ ...good, ...wish }, "logs.example", hasCa, now);
    expect(finding).toMatchObject({ check: "TLS", verdict, text: expect.stringMatching(text) });
    expect(finding.fix === undefined).toBe(verdict === "ok");
  });

  test("plain HTTP is fine unless TLS is meant, and the other way round", () => {
    expect(judgePlain(undefined, false).verdict).toBe("ok");
    expect(judgePlain("http", false).verdict).toBe("ok");
    expect(judgePlain("https", false)).toMatchObject({
      verdict: "failed",
      fix: expect.stringContaining("http://"),
    });
    expect(judgePlain(undefined, true).verdict).toBe("failed");
    expect(judgeUnwantedTls()).toMatchObject({ verdict: "failed", fix: expect.stringContaining("https://") });
  });
});
