import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import { aTime, aUuid, anAddress, anError } from "../support/wire.ts";

let postern: Postern;
let node: SearchNode;
let service: Service;
/** Oldest first. */
let ids: string[];
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  service = await Service.open(postern, "logs", [node]);
  for (let count = 0; count < 11; count += 1) await createEndpoint(postern, await service.name());
  ids = (await service.connections()).connections.map(({ id }) => id).toReversed();
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

const page = async (query: string) =>
  await postern.api<{ connections: { id: string }[]; total_count: number }>(
    "GET",
    `${service.path("connections")}${query}`,
  );

describe("GET connections", () => {
  test("has exactly the documented keys and types, and leaves out what is not set", async () => {
    const { status, body } = await page("?limit=1");
    expect(status).toBe(200);
    expect(body).toStrictEqual({
      connections: [
        {
          id: aUuid,
          status: "accepted",
          maxSession: "3000",
          specificationName: "default",
          vpcepIp: anAddress,
          created_at: aTime,
          domain_id: postern.admin.account_id,
        },
      ],
      vpcepUpdateSwitch: true,
      total_count: 12,
      vpcServiceName: expect.stringMatching(/^region-1\.logs\.[0-9a-f-]{36}$/),
      permissions: [
        {
          id: aUuid,
          permission: `iam:domain::${postern.admin.account_id}`,
          permission_type: "domainId",
          created_at: aTime,
        },
      ],
    });
  });

  test("lists the newest first, 10 of them without a limit", async () => {
    const { body } = await page("");
    expect(body.connections.map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 10));
    expect(body.total_count).toBe(12);
  });

  test.each([
    ["?offset=10", 10, 12],
    ["?offset=3&limit=4", 3, 7],
    ["?limit=1000", 0, 12],
    ["?offset=12", 12, 12],
    ["?offset=1000&limit=1", 12, 12],
  ])("pages with %s", async (query, from, to) => {
    const { status, body } = await page(query);
    expect(status).toBe(200);
    expect(body.connections.map(({ id }) => id)).toEqual(ids.toReversed().slice(from, to));
    expect(body.total_count).toBe(12);
  });

  test.each([
    ["offset=-1", /offset.* 0 to 1000/],
    ["offset=1001", /offset.* 0 to 1000/],
    ["offset=one", /offset.* 0 to 1000/],
    ["offset=", /offset.* 0 to 1000/],
    ["offset=1&offset=2", /offset.* 0 to 1000/],
    ["limit=0", /limit.* 1 to 1000/],
    ["limit=1001", /limit.* 1 to 1000/],
    ["limit=1.5", /limit.* 1 to 1000/],
    ["limit=99999999999999999999", /limit.* 1 to 1000/],
  ])("refuses %s naming the parameter and its range", async (query, text) => {
    const { status, body } = await page(`?${query}`);
    expect(status).toBe(400);
    expect(body).toEqual(anError("CSS.5038", text));
  });
});

const statusOf = async (id: string | undefined) =>
  (await service.connections()).connections.find((connection) => connection.id === id)?.status;
const decide = async (body: unknown) => await postern.api("POST", service.path("connections"), body);

describe("POST connections", () => {
  test.each(["endpoint_id_list", "endpointIdList"])("rejects and accepts by %s", async (key) => {
    const list = { [key]: ids.slice(0, 2) };
    const rejected = await decide({ action: "reject", ...list });
    expect(rejected).toMatchObject({ status: 200, body: {} });
    expect(rejected.headers.get("x-postern-enforced")).toBe("true");
    // What the answer says is what the very next read shows.
    expect(await Promise.all(ids.slice(0, 3).map(statusOf))).toEqual(["rejected", "rejected", "accepted"]);
    const accepted = await decide({ action: "receive", ...list });
    expect(accepted).toMatchObject({ status: 200, body: {} });
    expect(accepted.headers.get("x-postern-enforced")).toBe("true");
    expect(await Promise.all(ids.slice(0, 2).map(statusOf))).toEqual(["accepted", "accepted"]);
  });

  test("shows when a decision was made, under the documented key", async () => {
    ok(await service.decide("reject", ids[2] ?? ""));
    const listed = (await service.connections()).connections.find(({ id }) => id === ids[2]);
    expect(listed).toStrictEqual({
      id: ids[2],
      status: "rejected",
      maxSession: "3000",
      specificationName: "default",
      vpcepIp: anAddress,
      created_at: aTime,
      update_at: aTime,
      domain_id: postern.admin.account_id,
    });
    ok(await service.decide("receive", ids[2] ?? ""));
  });

  test("decides the same twice without complaint", async () => {
    ok(await service.decide("reject", ids[3] ?? ""));
    ok(await service.decide("reject", ids[3] ?? ""));
    expect(await statusOf(ids[3])).toBe("rejected");
    ok(await service.decide("receive", ids[3] ?? "", ids[3] ?? ""));
    ok(await service.decide("receive", ids[3] ?? ""));
    expect(await statusOf(ids[3])).toBe("accepted");
  });

  test("decides all of a list or, when one id is unknown, none", async () => {
    const stranger = "00000000-0000-4000-8000-000000000000";
    const { status, body } = await service.decide("reject", ids[4] ?? "", stranger);
    expect(status).toBe(400);
    expect(body).toEqual(anError("CSS.0001", new RegExp(stranger)));
    expect(await statusOf(ids[4])).toBe("accepted");
  });

  test.each([
    [
      "an unknown action",
      () => ({ action: "approve", endpoint_id_list: ids }),
      "CSS.5038",
      /receive, reject/,
    ],
    ["no action", () => ({ endpoint_id_list: ids }), "CSS.5037", /action/],
    ["no list", () => ({ action: "reject" }), "CSS.5037", /endpoint_id_list/],
    ["an empty list", () => ({ action: "reject", endpoint_id_list: [] }), "CSS.5038", /endpoint_id_list/],
    [
      "a text for the list",
      () => ({ action: "reject", endpoint_id_list: ids[0] }),
      "CSS.0001",
      /endpoint_id_list/,
    ],
    [
      "numbers in the list",
      () => ({ action: "reject", endpoint_id_list: [1] }),
      "CSS.0001",
      /endpoint_id_list/,
    ],
    ["a list", () => ids, "CSS.0001", /object/],
    ["null", () => null, "CSS.0001", /object/],
    ["nothing", () => undefined, "CSS.0006", /empty/],
  ])("refuses %s for a body and changes nothing", async (_what, body, code, text) => {
    const before = await service.connections();
    const answer = await decide(body());
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual(anError(code, text));
    expect(await service.connections()).toEqual(before);
  });
});
