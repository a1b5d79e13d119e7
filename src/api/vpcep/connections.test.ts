import { expect, test } from "vitest";
import type { Json, Tenant, TestServer } from "../test-server.ts";
import { admit, createEndpoint, createService, ok, refusalCode, startParties } from "./testing.ts";

async function startPending(): Promise<{
  server: TestServer;
  owner: Tenant;
  guest: Tenant;
  path: string;
  endpoint: Json;
}> {
  const parties = await startParties();
  const { id } = await createService(parties.owner, "logs");
  await admit(parties.owner, id, parties.guest.accountId);
  const endpoint = await createEndpoint(parties.guest, id);
  await parties.server.attachAll();
  const path = `/v1/{p}/vpc-endpoint-services/${String(id)}/connections`;
  return { ...parties, path, endpoint };
}

test("a connection is the guest's endpoint, key for key, found by any of its numbers", async () => {
  const { owner, guest, path, endpoint } = await startPending();
  const connection = {
    id: endpoint["id"],
    marker_id: endpoint["marker_id"],
    domain_id: guest.accountId,
    status: "pendingAcceptance",
    description: "",
    created_at: endpoint["created_at"],
    updated_at: endpoint["created_at"],
  };
  const queries = [
    "",
    `?id=${String(endpoint["id"])}`,
    `?marker_id=${String(endpoint["marker_id"])}`,
    "?status=pendingAcceptance",
  ];
  for (const query of queries) {
    const list = ok(await owner.call("GET", path + query));
    expect(list).toEqual({ connections: [connection], total_count: 1 });
  }
  for (const query of ["?id=other", "?marker_id=1", "?status=accepted", "?offset=1"]) {
    expect(ok(await owner.call("GET", path + query))["connections"]).toEqual([]);
  }
  expect(refusalCode(await guest.call("GET", path))).toBe("404 EndPoint.0005");
});

test.each([
  ["limit=0", "0006"],
  ["limit=1001", "0006"],
  ["offset=-1", "0010"],
  ["sort_key=name", "0017"],
  ["sort_dir=up", "0018"],
  ["status=bored", "0019"],
  ["marker_id=x", "0021"],
])("%s is refused by its own code EndPoint.%s", async (query, code) => {
  const { owner, path } = await startPending();
  expect(refusalCode(await owner.call("GET", `${path}?${query}`))).toBe(`400 EndPoint.${code}`);
});

test("the owner receives, rejects and receives again; both sides and CSS see the same", async () => {
  const { owner, guest, path, endpoint } = await startPending();
  const decide = async (action: string): Promise<unknown> => {
    const body = { action, endpoints: [endpoint["id"]] };
    return ok(await owner.call("POST", `${path}/action`, body))["connections"];
  };
  for (const [action, status] of [
    ["receive", "accepted"],
    ["reject", "rejected"],
    ["reject", "rejected"],
    ["receive", "accepted"],
  ] as const) {
    expect(await decide(action)).toMatchObject([{ id: endpoint["id"], status }]);
    const seen = ok(await guest.call("GET", `/v1/{p}/vpc-endpoints/${String(endpoint["id"])}`));
    expect(seen).toMatchObject({ status, ip: expect.any(String) });
  }
});

test("what cannot be decided is refused", async () => {
  const { server, owner, guest, path, endpoint } = await startPending();
  const act = (action: string, endpoints: unknown[]): ReturnType<Tenant["call"]> =>
    owner.call("POST", `${path}/action`, { action, endpoints });
  await act("receive", [endpoint["id"]]);
  expect(refusalCode(await act("receive", [endpoint["id"]]))).toBe("400 EndPoint.2014");
  expect(refusalCode(await act("receive", [endpoint["id"], "x"]))).toBe("400 EndPoint.2031");
  expect(refusalCode(await act("kiss", [endpoint["id"]]))).toBe("400 EndPoint.0007");
  const other = await createService(owner, "other");
  const foreign = await createEndpoint(owner, other["id"]);
  await server.attachAll();
  expect(refusalCode(await act("reject", [foreign["id"]]))).toBe("400 EndPoint.2013");
  const answer = await guest.call("POST", `${path}/action`, {
    action: "reject",
    endpoints: [endpoint["id"]],
  });
  expect(refusalCode(answer)).toBe("404 EndPoint.0005");
});

test("the owner's note is his own, and the consumer's description stays", async () => {
  const { owner, guest, path, endpoint } = await startPending();
  const body = { connections: [{ id: endpoint["id"], description: "team A" }] };
  expect(ok(await owner.call("PUT", `${path}/description`, body))["connections"]).toMatchObject(
    body.connections,
  );
  expect(ok(await owner.call("GET", path))["connections"]).toMatchObject(body.connections);
  const seen = ok(await guest.call("GET", `/v1/{p}/vpc-endpoints/${String(endpoint["id"])}`));
  expect(seen["description"]).toBe("");
});
