import { expect, test } from "vitest";
import { refusal, startTestServer, type Json } from "../test-server.ts";

async function start() {
  const server = await startTestServer();
  const owner = await server.tenant("owner");
  const cluster = await owner.open("logs");
  const change = (body: object, headers: Record<string, string> = {}) =>
    owner.call("PUT", `/postern/v1/{p}/clusters/${cluster.id}/service`, body, headers);
  const shown = async (): Promise<unknown> =>
    (await owner.call("GET", `/postern/v1/{p}/clusters/${cluster.id}`)).body["service"];
  const own = async (): Promise<Json> => {
    const { body } = await owner.call("GET", `/postern/v1/{p}/clusters/${cluster.id}/connections`);
    return (body["connections"] as Json[])[0] ?? {};
  };
  return { server, owner, cluster, change, shown, own };
}

test("an open service offers something else, and what is left out stays", async () => {
  const { change, shown, own } = await start();
  const before = (await shown()) as Json;
  expect(before).toMatchObject({ approval_enabled: false, professional: false });
  const answer = await change({ approval_enabled: true });
  expect([answer.status, answer.headers["x-postern-enforced"]]).toEqual([200, "true"]);
  expect(answer.body).toEqual({ ...before, approval_enabled: true });
  expect(await shown()).toEqual(answer.body);
  const small = await own();
  await change({ professional: "true", dns: "true" });
  expect(await shown()).toMatchObject({ approval_enabled: true, professional: true, dns: true });
  expect(await own()).toMatchObject({ id: small["id"], ip: small["ip"], max_session: 1_000_000 });
  expect(await own()).toHaveProperty("dns_name");
});

test("less is offered to new endpoints only", async () => {
  const { change, own } = await start();
  await change({ professional: true, dns: true });
  const large = await own();
  await change({ professional: false, dns: false });
  expect(await own()).toMatchObject({ max_session: 1_000_000, dns_name: large["dns_name"] });
});

test("a service that is not open, and one of others, cannot be changed", async () => {
  const { server, cluster, change } = await start();
  const stranger = await server.tenant("stranger");
  const path = `/postern/v1/{p}/clusters/${cluster.id}/service`;
  expect(refusal(await stranger.call("PUT", path, { dns: true }))).toBe("403 CSS.0015");
  expect(refusal(await change({ dns: true }, { "if-match": '"no such"' }))).toMatch(/^412 /);
  await cluster.call("PUT", "/vpcepservice/close");
  expect(refusal(await change({ dns: true }))).toBe("400 CSS.5182");
});
