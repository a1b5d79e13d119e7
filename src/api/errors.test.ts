import { describe, expect, test } from "vitest";
import { PosternError, type ErrorKind } from "../domain/errors.ts";
import {
  ApiGatewayError,
  apiNotFound,
  describeError,
  errorBody,
  notAuthenticated,
  wireError,
} from "./errors.ts";

test.each<[ErrorKind, number, string]>([
  ["account_not_allowed", 400, "EndPoint.2012"],
  ["already_in_use", 409, "EndPoint.3006"],
  ["bad_parameter", 400, "CSS.0001"],
  ["cluster_exists", 409, "CSS.0031"],
  ["cluster_not_found", 403, "CSS.0015"],
  ["empty_body", 400, "CSS.0006"],
  ["forbidden", 403, "CSS.5045"],
  ["gateway_unavailable", 503, "CSS.0005"],
  ["storage_full", 507, "CSS.0005"],
  ["missing_parameter", 400, "CSS.5037"],
  ["nodes_unreachable", 400, "CSS.6000"],
  ["not_authorized_for_project", 403, "CSS.0015"],
  ["out_of_range", 400, "CSS.5038"],
  ["pool_exhausted", 400, "CSS.0064"],
  ["precondition_failed", 412, "CSS.5090"],
  ["resource_not_found", 404, "CSS.0016"],
  ["service_already_open", 409, "CSS.0031"],
  ["service_not_enabled", 400, "CSS.5182"],
  ["state_forbids", 400, "CSS.5090"],
  ["endpoint_quota_exceeded", 400, "CSS.0063"],
  ["unsupported", 400, "CSS.5140"],
  ["vpc_not_found", 400, "CSS.5021"],
])("%s is %i %s", (kind, status, code) => {
  expect(wireError(new PosternError(kind, "why"))).toEqual({ status, code, message: "why" });
});

test.each<[ErrorKind, number, string]>([
  ["bad_parameter", 400, "EndPoint.0002"],
  ["not_authorized_for_project", 403, "EndPoint.0004"],
  ["resource_not_found", 404, "EndPoint.0005"],
  ["endpoint_not_found", 404, "EndPoint.2006"],
  ["account_not_allowed", 400, "EndPoint.2012"],
  ["endpoint_quota_exceeded", 400, "Endpoint.1018"],
  ["quota_exceeded", 400, "Endpoint.1018"],
  ["precondition_failed", 412, "EndPoint.1004"],
])("to clients of the endpoint service %s is %i %s", (kind, status, code) => {
  expect(wireError(new PosternError(kind, "why"), "vpcep")).toEqual({ status, code, message: "why" });
});

test("a parameter has a code of its own there, and only there", () => {
  const error = new PosternError("out_of_range", "why", "limit");
  expect([wireError(error, "vpcep").code, wireError(error).code]).toEqual(["EndPoint.0006", "CSS.5038"]);
});

describe("the body", () => {
  test("of the service has every key that a client reads", () => {
    expect(errorBody({ status: 400, code: "CSS.5182", message: "closed" }, "r1")).toEqual({
      errCode: "CSS.5182",
      externalMessage: "CSS.5182 : closed",
      error_code: "CSS.5182",
      error_msg: "closed",
      request_id: "r1",
    });
  });

  test("of the endpoint service has two keys", () => {
    const error = { status: 400, code: "EndPoint.0002", message: "bad" };
    expect(errorBody(error, "r1", "vpcep")).toEqual({ error_code: "EndPoint.0002", error_msg: "bad" });
  });

  test("of the gateway in front has its own", () => {
    expect(errorBody(notAuthenticated("x-auth-token not found"), "r1")).toEqual({
      error_code: "APIGW.0301",
      error_msg: "Incorrect IAM authentication information: x-auth-token not found",
      request_id: "r1",
    });
    expect(apiNotFound()).toMatchObject({ status: 404, code: "APIGW.0101" });
  });
});

describe("anything thrown", () => {
  test("by the framework as the client's fault is the client's fault", () => {
    expect(describeError(Object.assign(new Error("secret"), { statusCode: 400 }))).toEqual({
      status: 400,
      code: "CSS.0001",
      message: "The request is malformed",
      isUnexpected: false,
    });
    expect(describeError(new ApiGatewayError(429, "APIGW.0308", "slow down"))).toMatchObject({
      status: 429,
      code: "APIGW.0308",
      isUnexpected: false,
    });
  });

  test("has the endpoint service's codes there", () => {
    const thrown = [Object.assign(new Error("x"), { statusCode: 400 }), new Error("x"), apiNotFound()];
    expect(thrown.map((error) => describeError(error, "vpcep").code)).toEqual([
      "EndPoint.0002",
      "EndPoint.0001",
      "APIGW.0101",
    ]);
  });

  test.each([
    new Error("secret"),
    Object.assign(new Error("secret"), { statusCode: 503 }),
    null,
    "secret",
    7,
  ])("else is one opaque error: %s", (thrown) => {
    const described = describeError(thrown);
    expect(described).toMatchObject({ status: 500, code: "CSS.0005", isUnexpected: true });
    expect(described.message).not.toContain("secret");
  });
});
