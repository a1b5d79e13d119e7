import { expect, test } from "vitest";
import { refusal, startTestServer } from "../test-server.ts";

const path = "/postern/v1/log-level";

test("an operator changes the level of either kind of process, and back", async () => {
  const server = await startTestServer();
  const operator = await server.tenant("operator", true);
  const set = await operator.call("PUT", path, { process: "gateway", level: "debug", for_seconds: 60 });
  expect([set.status, set.body]).toEqual([200, { process: "gateway", level: "debug", for_seconds: 60 }]);
  expect((await operator.call("GET", path)).body).toEqual({ server: "default", gateway: "debug" });
  await operator.call("PUT", path, { process: "server", level: "trace" });
  await operator.call("PUT", path, { process: "gateway", level: "default" });
  expect((await operator.call("GET", path)).body).toEqual({ server: "trace", gateway: "default" });
});

test("nobody else does; a rehearsal changes nothing; what is no level is refused", async () => {
  const server = await startTestServer();
  const [operator, tenant] = [await server.tenant("operator", true), await server.tenant("tenant")];
  const body = { process: "server", level: "debug" };
  expect(refusal(await tenant.call("PUT", path, body))).toBe("403 CSS.5045");
  expect(refusal(await tenant.call("GET", path))).toBe("403 CSS.5045");
  await operator.call("PUT", path, body, { "x-postern-dry-run": "true" });
  expect(refusal(await operator.call("PUT", path, { ...body, level: "loud" }))).toBe("400 CSS.5038");
  expect(refusal(await operator.call("PUT", path, { ...body, for_seconds: 86_401 }))).toBe("400 CSS.5038");
  expect(server.logLevels.server.level).toBeUndefined();
});
