import { expect, test } from "vitest";
import type { ServiceDomainId } from "./ids.ts";
import { isDomainName, isInZone, judgeProof, proofOf, type ServiceDomain } from "./service-domain.ts";
import { serviceId, uuid } from "./test-fixtures.ts";

const domain: ServiceDomain = {
  id: uuid(90) as ServiceDomainId,
  serviceId,
  name: "logs.example.com",
  token: "abc",
  status: "pending",
  problem: null,
  createdAt: 1,
  checkedAt: null,
};
const now = 5;
const silence = { kind: "no_answer", problem: "timeout" } as const;

test.for([
  ["logs.example.com", true],
  ["a.b", true],
  [`${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(59)}`, true],
  [`${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}`, false],
  ["localhost", false],
  ["Logs.example.com", false],
  ["logs.example.com.", false],
  ["_x.example.com", false],
  ["*.example.com", false],
  ["10.0.0.1", false],
  ["postern.internal", false],
  ["logs.postern.internal", false],
  ["logspostern.internal", true],
] as const)("%s may be attached: %s", ([name, may]) => {
  expect(isDomainName(name) && !isInZone(name, "postern.internal")).toBe(may);
});

test("the record proves the name, among others too", () => {
  expect(proofOf(domain)).toEqual({ name: "_postern.logs.example.com", value: "postern-verification=abc" });
  const texts = ["v=spf1 -all", "postern-verification=abc"];
  expect(judgeProof({ ...domain, status: "failed", problem: "x" }, { kind: "texts", texts }, now)).toEqual({
    ...domain,
    status: "verified",
    checkedAt: now,
  });
});

test("what is missing or says something else fails, also when it was proven before", () => {
  for (const [texts, said] of [
    [[], "There is no TXT record _postern.logs.example.com."],
    [["postern-verification=abcd"], "does not say"],
  ] as const) {
    const after = judgeProof({ ...domain, status: "verified" }, { kind: "texts", texts }, now);
    expect(after.status).toBe("failed");
    expect(after.problem).toContain(said);
  }
});

test("where nobody answers, nothing is proven, and nothing that was is lost", () => {
  expect(judgeProof(domain, silence, now)).toMatchObject({ status: "failed" });
  const after = judgeProof({ ...domain, status: "verified" }, silence, now);
  expect(after.status).toBe("verified");
  expect(after.problem).toContain("could not be looked up: timeout");
});
