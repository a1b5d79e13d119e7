import { expect, test } from "vitest";
import type { EndpointId } from "../../domain/ids.ts";
import { someFigures } from "../../domain/test-fixtures.ts";
import { startTestServer, type Tenant } from "../test-server.ts";

const dryRun = { "x-postern-dry-run": "true" };

async function openedCluster(): Promise<{ owner: Tenant; service: string; endpoint: string }> {
  const owner = await (await startTestServer()).tenant("owner");
  const registered = await owner.call("POST", "/postern/v1/{p}/clusters", {
    name: "logs",
    nodes: ["http://127.0.0.1:1"],
    probe: false,
  });
  const service = `/v1.0/{p}/clusters/${String(registered.body["id"])}/vpcepservice`;
  await owner.call("POST", `${service}/open`, {});
  const [connection] = (await owner.call("GET", `${service}/connections`)).body["connections"] as {
    id: string;
  }[];
  return { owner, service, endpoint: connection?.id ?? "" };
}

test("a dry run says what would happen, and changes nothing", async () => {
  const { owner, service, endpoint } = await openedCluster();
  const before = await owner.call("GET", `${service}/connections`);
  const body = { action: "reject", endpoint_id_list: [endpoint] };
  const answer = await owner.call("POST", `${service}/connections`, body, dryRun);
  expect([answer.status, answer.headers["x-postern-dry-run"]]).toEqual([200, "true"]);
  expect(answer.body).toEqual({
    dry_run: true,
    action: "updateVpcepConnection",
    endpoints: [{ id: endpoint, account_id: owner.accountId, effect: "cut", sessions: 0 }],
    sessions_cut: 0,
    accounts_losing_access: [owner.accountId],
  });
  const after = await owner.call("GET", `${service}/connections`);
  expect([after.text, after.headers["etag"]]).toEqual([before.text, before.headers["etag"]]);
});

test("a write that would be refused is refused in a dry run too", async () => {
  const { owner, service } = await openedCluster();
  expect((await owner.call("POST", `${service}/open`, {}, dryRun)).status).toBe(409);
  const stale = { ...dryRun, "if-match": '"0"' };
  expect((await owner.call("PUT", `${service}/close`, undefined, stale)).status).toBe(412);
});

test("the write after a dry run does what was said", async () => {
  const { owner, service, endpoint } = await openedCluster();
  const planned = await owner.call("PUT", `${service}/close`, undefined, dryRun);
  expect(planned.body["endpoints"]).toMatchObject([{ id: endpoint, effect: "cut" }]);
  expect((await owner.call("PUT", `${service}/close`)).body).toEqual({ action: "deleteVpcepservice" });
});

test("a narrower source whitelist cuts as many sessions as there are, at most", async () => {
  const { owner, endpoint } = await openedCluster();
  const endpointId = endpoint as EndpointId;
  owner.server.gateways.figures.set(endpointId, someFigures({ endpointId, sessions: 7 }));
  const path = `/v1/{p}/vpc-endpoints/${endpoint}`;
  const wish = { enable_whitelist: true, whitelist: ["127.0.0.0/8"] };
  const narrowed = await owner.call("PUT", path, wish, dryRun);
  expect(narrowed.body).toEqual({
    dry_run: true,
    action: "updateEndpointWhite",
    endpoints: [{ id: endpoint, account_id: owner.accountId, effect: "narrowed", sessions: 0, up_to: 7 }],
    sessions_cut: 0,
    sessions_cut_up_to: 7,
    accounts_losing_access: [],
  });
  const emptied = await owner.call("PUT", path, { ...wish, whitelist: [] }, dryRun);
  expect(emptied.body).toMatchObject({ endpoints: [{ effect: "cut", sessions: 7 }], sessions_cut: 7 });
  expect(emptied.body).not.toHaveProperty("sessions_cut_up_to");
});
