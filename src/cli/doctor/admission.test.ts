import { describe, expect, test } from "vitest";
import { judgeAdmission } from "./admission.ts";
import { admitsSource, adviceOn, countedReason, standingRefusal } from "./refusal.ts";
import { aKnownEndpoint } from "./test-endpoint.ts";

describe("the endpoint's state", () => {
  test.each([
    [{}, "ok", /accepted.*0\/3000/, /^$/],
    [{ healthyNodes: 2 }, "ok", /nodes that serve: 2/, /^$/],
    [{ status: "creating" }, "warning", /not up yet/, /postern doctor 0{8}/],
    [{ status: "pendingAcceptance" }, "failed", /does not accept/, /postern accept 0{8}/],
    [{ status: "rejected" }, "failed", /does not accept/, /postern accept/],
    [
      { status: "rejected", refusals: { not_whitelisted: 2, not_accepted: 1 } },
      "failed",
      /account guest is not on/,
      /postern whitelist --add guest/,
    ],
    [{ isServiceOpen: false }, "failed", /service is closed/, /postern open/],
    [{ healthyNodes: 0 }, "failed", /no node/, /postern cluster show/],
    [
      { status: "failed", failure: "10.0.0.5 is taken." },
      "failed",
      /10\.0\.0\.5 is taken\.$/,
      /gateway's log/,
    ],
    [{ note: "No gateway is attached." }, "failed", /^No gateway/, /postern vpc attach/],
    [{ sessions: 3_000 }, "warning", /all of its 3000 sessions/, /postern endpoint cap/],
  ] as const)("%j is %s", (wish, verdict, text, fix) => {
    const finding = judgeAdmission(aKnownEndpoint(wish));
    expect(finding).toMatchObject({ check: "endpoint", verdict, text: expect.stringMatching(text) });
    expect(finding.fix ?? "").toMatch(fix);
  });
});

describe("refusals", () => {
  test("every reason that gateways count has advice of its own", () => {
    const reasons = [
      "not_accepted",
      "not_whitelisted",
      "source_not_allowed",
      "session_cap",
      "no_healthy_node",
      "service_closed",
      "connection_rate",
    ];
    const whys = reasons.map((reason) => adviceOn(reason, aKnownEndpoint(), "10.0.0.9").why);
    expect(new Set(whys).size).toBe(reasons.length);
    expect(whys).not.toContain(adviceOn("unheard_of", aKnownEndpoint()).why);
    expect(adviceOn("source_not_allowed", aKnownEndpoint(), "10.0.0.9").fix).toContain("Add 10.0.0.9");
  });

  test("an accepted endpoint of an open service refuses nothing by itself", () => {
    expect(standingRefusal(aKnownEndpoint())).toBeUndefined();
    expect(standingRefusal(aKnownEndpoint({ healthyNodes: 1 }))).toBeUndefined();
  });

  test.each([
    [undefined, "10.0.0.9", true],
    [[], "10.0.0.9", false],
    [["10.0.0.9"], "10.0.0.9", true],
    [["10.0.0.0/24"], "10.0.0.9", true],
    [["10.0.0.0/24"], "10.0.1.9", false],
    [["10.0.0.0/24"], "fd00::9", false],
    [["fd00::/64", "10.0.0.0/24"], "fd00::9", true],
    [[], undefined, true],
  ])("the whitelist %j on %s: %s", (sources, source, isAdmitted) => {
    const known = aKnownEndpoint(sources === undefined ? {} : { sources });
    expect(admitsSource(known, source)).toBe(isAdmitted);
  });

  test("the reason that grew most is the reason", () => {
    const before = { session_cap: 50, not_accepted: 1 };
    expect(countedReason(before, before)).toBeUndefined();
    expect(countedReason(before, { session_cap: 51, not_accepted: 3 })).toBe("not_accepted");
    expect(countedReason({}, { no_healthy_node: 1 })).toBe("no_healthy_node");
  });
});
