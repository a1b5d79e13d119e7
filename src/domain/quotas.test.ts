import { expect, test } from "vitest";
import { checkQuota, quotas } from "./quotas.ts";

test("the last one fits, one more does not", () => {
  expect(() => checkQuota("endpoints", quotas.endpoints - 1)).not.toThrow();
  expect(() => checkQuota("endpoints", quotas.endpoints)).toThrow(
    expect.objectContaining({ kind: "endpoint_quota_exceeded" }),
  );
});
