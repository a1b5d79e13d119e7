import { afterAll, beforeAll, expect, test } from "vitest";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { ok, Service } from "../support/service.ts";
import { aTime, aUuid, anError } from "../support/wire.ts";

let postern: Postern;
let node: SearchNode;
let service: Service;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  service = await Service.open(postern, "logs", [node]);
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

/** Sorted: entries of one request have no order among themselves. */
const listed = async () =>
  (await service.connections()).permissions.toSorted((a, b) => (a.permission < b.permission ? -1 : 1));
const replace = async (body: unknown) => await postern.api("POST", service.path("permissions"), body);

test.each(["vpc_permissions", "vpcPermissions"])("%s replaces the whole list", async (key) => {
  ok(await replace({ [key]: [] }));
  ok(await replace({ [key]: ["dffef70c1db243cbb373e45791165281", "second"] }));
  const first = await listed();
  expect(first).toStrictEqual(
    ["dffef70c1db243cbb373e45791165281", "second"].map((account) => ({
      id: aUuid,
      permission: `iam:domain::${account}`,
      permission_type: "domainId",
      created_at: aTime,
    })),
  );
  const answer = await replace({ [key]: ["third", "second"] });
  expect(answer).toMatchObject({ status: 200, body: {} });
  expect(answer.headers.get("x-postern-enforced")).toBe("true");
  const next = await listed();
  expect(next.map(({ permission }) => permission)).toEqual(["iam:domain::second", "iam:domain::third"]);
  // What stays, stays the same permission.
  expect(next[0]).toEqual(first[1]);
});

test("takes the prefixed spelling of its own answers, and a repeated entry once", async () => {
  ok(await replace({ vpc_permissions: ["iam:domain::abc", "abc", "abc"] }));
  expect((await listed()).map(({ permission }) => permission)).toEqual(["iam:domain::abc"]);
});

test("can be empty, and everybody has to be asked for by a star", async () => {
  ok(await replace({ vpc_permissions: [] }));
  expect(await listed()).toEqual([]);
  ok(await replace({ vpc_permissions: ["*"] }));
  expect((await listed()).map(({ permission }) => permission)).toEqual(["*"]);
});

test("holds 1,000 accounts and not one more", async () => {
  const accounts = Array.from({ length: 1_001 }, (_, index) => `account${index}`);
  ok(await replace({ vpc_permissions: accounts.slice(1) }));
  expect(await listed()).toHaveLength(1_000);
  const answer = await replace({ vpc_permissions: accounts });
  expect(answer.status).toBe(400);
  expect(answer.body).toEqual(anError("CSS.5038", /up to 1,?000/));
  expect(await listed()).toHaveLength(1_000);
});

test.each([
  ["no list", {}, "CSS.5037"],
  ["a text for the list", { vpc_permissions: "abc" }, "CSS.0001"],
  ["null for the list", { vpc_permissions: null }, "CSS.0001"],
  ["an entry that is no text", { vpc_permissions: ["abc", 5] }, "CSS.0001"],
  ["an empty entry", { vpc_permissions: ["abc", ""] }, "CSS.5038"],
  ["an entry with a space", { vpc_permissions: ["abc", "a b"] }, "CSS.0001"],
  ["an entry with a pattern", { vpc_permissions: ["abc", "ab*"] }, "CSS.0001"],
  ["an entry that is too long", { vpc_permissions: ["a".repeat(65)] }, "CSS.0001"],
])("refuses %s and leaves the list as it was", async (_what, body, code) => {
  ok(await replace({ vpc_permissions: ["kept"] }));
  const before = await listed();
  const answer = await replace(body);
  expect(answer.status).toBe(400);
  expect(answer.body).toEqual(anError(code));
  expect(await listed()).toEqual(before);
});
