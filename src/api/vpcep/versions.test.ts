import { describe, expect, test } from "vitest";
import { startTestServer } from "../test-server.ts";

const versionAt = (href: string) => ({
  id: "v1",
  status: "CURRENT",
  version: "1",
  min_version: "",
  updated: "2018-09-30T00:00:00Z",
  links: [{ rel: "self", href, type: "application/json" }],
});

describe("GET /", () => {
  test.each([
    ["vpcep.test:8443", "https", "https://vpcep.test:8443/v1"],
    ["VPCEP.region-1.test", "http", "http://VPCEP.region-1.test/v1"],
  ])("of the host %s over %s is the endpoint service's list of versions", async (host, scheme, href) => {
    const server = await startTestServer();
    const headers = { host, "x-forwarded-proto": scheme };
    const { status, body } = await server.inject({ method: "GET", url: "/", headers });
    expect([status, body]).toEqual([200, { versions: [versionAt(href)] }]);
  });

  test.each(["iam.test", "localhost:8080", "127.0.0.1", "xvpcep.test", "vpcep", "my.vpcep.test"])(
    "of the host %s is the identity service's",
    async (host) => {
      const server = await startTestServer();
      const { status, body } = await server.inject({ method: "GET", url: "/", headers: { host } });
      expect([status, body]).toMatchObject([300, { versions: { values: [{ id: "v3.6" }] } }]);
    },
  );
});

test("GET /v1 is the endpoint service's version on every host", async () => {
  const server = await startTestServer();
  const answer = await server.inject({ method: "GET", url: "/v1", headers: { host: "any.test" } });
  expect(answer.body).toEqual({ version: versionAt("http://any.test/v1") });
});
