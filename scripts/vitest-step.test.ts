import { describe, expect, test } from "vitest";
import { countTests, describeFailures, skippedTests, withoutPassed } from "./vitest-step.ts";
import type { VitestReport } from "./vitest-step.ts";

function file(status: "passed" | "failed", ...statuses: string[]): VitestReport["testResults"][number] {
  const assertionResults = statuses.map((each) => ({
    status: each,
    fullName: `it ${each}`,
    failureMessages: each === "failed" ? ["Error: \u001B[31mno\u001B[39m\n    at x.test.ts:1:1"] : [],
  }));
  return {
    name: `${process.cwd()}/x.test.ts`,
    status,
    message: "SyntaxError: what\n    at y",
    assertionResults,
  };
}

describe("countTests", () => {
  test.each([
    ["a clean run", [file("passed", "passed", "passed")], 0, { passed: 2, failed: 0, skipped: 0 }],
    ["a failed test", [file("failed", "passed", "failed")], 1, { passed: 1, failed: 1, skipped: 0 }],
    [
      "skipped and todo",
      [file("passed", "passed", "skipped", "todo")],
      0,
      { passed: 1, failed: 0, skipped: 2 },
    ],
    ["a file that could not be loaded", [file("failed")], 1, { passed: 0, failed: 1, skipped: 0 }],
    ["no test at all", [], 0, { passed: 0, failed: 1, skipped: 0 }],
    [
      "an unhandled error after green tests",
      [file("passed", "passed")],
      1,
      { passed: 1, failed: 1, skipped: 0 },
    ],
  ])("counts %s", (_name, testResults, exitCode, expected) => {
    expect(countTests({ testResults }, exitCode)).toEqual(expected);
  });

  test("counts a run without a report as one failure", () => {
    expect(countTests(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

test("names what failed and why in one line each", () => {
  const testResults = [
    file("failed", "passed", "failed", "skipped"),
    file("failed"),
    file("passed", "passed"),
  ];
  expect(describeFailures({ testResults })).toEqual([
    "x.test.ts > it failed: Error: no",
    "x.test.ts: SyntaxError: what",
  ]);
});

test("leaves out the tests that passed, and nothing else", () => {
  const output =
    " \u001B[32m✓\u001B[39m |unit| a.test.ts > works 2ms\n × |unit| a.test.ts > flies\nError: ✓ no\n";
  expect(withoutPassed(output)).toBe(" × |unit| a.test.ts > flies\nError: ✓ no\n");
});

test("finds the skipped tests and their reasons in what the verbose reporter prints", () => {
  const output =
    " ✓ |unit| a.test.ts > works 2ms\n \u001B[2m↓\u001B[22m |unit| a.test.ts > flies [no wings]\n □ |unit| b.test.ts > later\n";
  expect(skippedTests(output)).toEqual([
    "|unit| a.test.ts > flies [no wings]",
    "|unit| b.test.ts > later [no reason is given]",
  ]);
});
