import { expect, test } from "vitest";
import { refusal, startTestServer } from "../test-server.ts";

const close = "/vpcepservice/close";

test("closing refuses every endpoint and keeps it", async () => {
  const server = await startTestServer();
  const owner = await server.tenant("owner");
  const cluster = await owner.open("logs");
  server.gateways.severedSessions = 37;
  const etag = await cluster.etag();
  const answer = await cluster.call("PUT", close);
  expect([answer.status, answer.body]).toEqual([200, { action: "deleteVpcepservice" }]);
  expect(answer.headers).toMatchObject({ "x-postern-enforced": "true", "x-postern-severed": "37" });
  expect(await cluster.etag()).not.toBe(etag);
  expect(server.gateways.awaited.at(-1)).toBe(server.store.revision);
  expect(refusal(await cluster.call("GET", "/vpcepservice/connections"))).toBe("400 CSS.5182");
  expect(await server.store.desiredState()).toMatchObject({
    services: [{ enabled: false }],
    endpoints: [{ approval: "accepted" }],
  });
});

test("what is not open cannot be closed", async () => {
  const owner = await (await startTestServer()).tenant("owner");
  const cluster = await owner.register("logs");
  expect(refusal(await cluster.call("PUT", close))).toBe("400 CSS.5182");
  await cluster.call("POST", "/vpcepservice/open");
  await cluster.call("PUT", close);
  expect(refusal(await cluster.call("PUT", close))).toBe("400 CSS.5182");
});

test("a body and a content type without one are no hindrance", async () => {
  const owner = await (await startTestServer()).tenant("owner");
  const cluster = await owner.open("logs");
  const headers = { "content-type": "application/json" };
  expect((await cluster.call("PUT", close, "", headers)).status).toBe(200);
  await cluster.call("POST", "/vpcepservice/open");
  expect((await cluster.call("PUT", close, {})).status).toBe(200);
});

test("where the gateways are slow the answer says that it is not in force yet", async () => {
  const server = await startTestServer();
  const cluster = await (await server.tenant("owner")).open("logs");
  server.gateways.slow = true;
  const { status, headers } = await cluster.call("PUT", close);
  expect(status).toBe(200);
  expect(headers).toMatchObject({ "x-postern-enforced": "pending" });
  expect(headers).not.toHaveProperty("x-postern-severed");
});
