import { expect, test } from "vitest";
import type { AccountId, ProjectId, UserId } from "../domain/ids.ts";
import { accountId, anAccount, aProject, aUser, hexId, projectId, userId } from "../domain/test-fixtures.ts";
import { openTestStore } from "./test-store.ts";

const createdAt = 1_767_225_600_000;

test("accounts, projects, users and tokens come back as they went in", async () => {
  const { identity } = await openTestStore();
  const other = hexId(30) as UserId;
  await identity.insertAccount(anAccount());
  await identity.insertProject(aProject());
  await identity.insertUser(aUser({ isOperator: true }));
  await identity.insertUser(aUser({ id: other, name: "second", isOperator: false }));
  const token = { hash: "h1", userId, projectId, expiresAt: createdAt + 1, createdAt };
  await identity.insertToken(token);
  await identity.insertToken({ ...token, hash: "h2", expiresAt: null });
  await identity.insertAccessKey({ id: "AK", userId, sealedSecret: "s", createdAt });

  expect(await identity.account(accountId)).toEqual(anAccount());
  expect(await identity.accountByName("owner")).toEqual(anAccount());
  expect(await identity.project(projectId)).toEqual(aProject());
  expect(await identity.user(userId)).toEqual(aUser({ isOperator: true }));
  expect(await identity.user(other)).toMatchObject({ isOperator: false });
  expect(await identity.tokenByHash("h1")).toEqual(token);
  expect(await identity.tokenByHash("h2")).toMatchObject({ expiresAt: null });
});

test("what is not there is undefined", async () => {
  const { identity } = await openTestStore();
  expect(await identity.account(accountId)).toBeUndefined();
  expect(await identity.accountByName("owner")).toBeUndefined();
  expect(await identity.project(projectId)).toBeUndefined();
  expect(await identity.user(userId)).toBeUndefined();
  expect(await identity.tokenByHash("h1")).toBeUndefined();
});

test("accounts are listed oldest first, ties by id, in slices with the whole number", async () => {
  const { identity } = await openTestStore();
  for (const [n, at] of [
    [3, 10],
    [1, 20],
    [2, 10],
  ] as const) {
    await identity.insertAccount(anAccount({ id: hexId(n) as AccountId, name: `a${n}`, createdAt: at }));
  }
  const { items, total } = await identity.accounts({ offset: 0, limit: 10 });
  expect(items.map(({ name }) => name)).toEqual(["a2", "a3", "a1"]);
  expect(total).toBe(3);
  expect(await identity.accounts({ offset: 1, limit: 1 })).toEqual({ items: [items[1]], total: 3 });
});

test("names are taken once: an account's everywhere, a project's in its account", async () => {
  const { identity } = await openTestStore();
  await identity.insertAccount(anAccount());
  await identity.insertProject(aProject());
  await expect(identity.insertAccount(anAccount({ id: hexId(9) as AccountId }))).rejects.toThrow(/UNIQUE/);
  await expect(identity.insertProject(aProject({ id: hexId(9) as ProjectId }))).rejects.toThrow(/UNIQUE/);
  await expect(identity.insertUser(aUser({ accountId: hexId(9) as AccountId }))).rejects.toThrow(
    /FOREIGN KEY/,
  );
});
