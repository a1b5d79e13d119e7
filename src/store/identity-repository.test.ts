import { expect, test } from "vitest";
import type { AccountId, ProjectId, UserId } from "../domain/ids.ts";
import type { IdentityRepository } from "../domain/store.ts";
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
  const token = {
    hash: "h1",
    userId,
    projectId,
    methods: ["password"] as const,
    expiresAt: createdAt + 1,
    createdAt,
  };
  await identity.insertToken(token);
  await identity.insertToken({ ...token, hash: "h2", expiresAt: null });
  await identity.insertAccessKey({ id: "AK", userId, sealedSecret: "s", securityToken: null, createdAt });

  expect(await identity.account(accountId)).toEqual(anAccount());
  expect(await identity.accountByName("owner")).toEqual(anAccount());
  expect(await identity.project(projectId)).toEqual(aProject());
  expect(await identity.user(userId)).toEqual(aUser({ isOperator: true }));
  expect(await identity.user(other)).toMatchObject({ isOperator: false });
  expect(await identity.tokenByHash("h1")).toEqual(token);
  expect(await identity.tokenByHash("h2")).toMatchObject({ expiresAt: null });
});

test("a user's rights come back, and change", async () => {
  const { identity } = await openTestStore();
  await identity.insertAccount(anAccount());
  const user = aUser({ role: "custom", actions: ["css:*"] });
  await identity.insertUser(user);
  expect(await identity.userByName(accountId, "admin")).toEqual(user);
  expect(await identity.users(accountId)).toEqual([user]);
  const changed = { ...user, role: "reader", actions: [], passwordHash: "y" } as const;
  await identity.updateUser(changed);
  expect(await identity.user(userId)).toEqual(changed);
});

async function withSessions() {
  const { identity } = await openTestStore();
  await identity.insertAccount(anAccount());
  await identity.insertProject(aProject());
  await identity.insertUser(aUser());
  const token = { userId, projectId: null, methods: [] };
  const key = { userId, sealedSecret: "s" };
  await identity.insertToken({ ...token, hash: "for ever", expiresAt: null, createdAt: 1 });
  await identity.insertAccessKey({ ...key, id: "for ever", securityToken: null, createdAt: 1 });
  for (const n of [1, 2, 3]) {
    await identity.insertToken({ ...token, hash: `t${n}`, expiresAt: 100 + n, createdAt: n });
    const securityToken = { hash: `s${n}`, expiresAt: 100 + n };
    await identity.insertAccessKey({ ...key, id: `k${n}`, securityToken, createdAt: n });
  }
  const left = async (): Promise<string[]> => {
    const tokens = await Promise.all(
      ["for ever", "t1", "t2", "t3"].map((hash) => identity.tokenByHash(hash)),
    );
    return [
      ...tokens.flatMap((found) => (found ? [found.hash] : [])),
      ...(await identity.accessKeys(userId)).map(({ id }) => id),
    ];
  };
  return { identity, left };
}

test("sessions that are over are forgotten, and the oldest beyond what a user may have", async () => {
  const { identity, left } = await withSessions();
  expect(await identity.accessKey("k1")).toMatchObject({ securityToken: { hash: "s1", expiresAt: 101 } });
  await identity.trimSessions(userId, 3, 101);
  expect(await left()).toEqual(["for ever", "t2", "t3", "for ever", "k2", "k3"]);
  await identity.trimSessions(userId, 1, 101);
  expect(await left()).toEqual(["for ever", "t3", "for ever", "k3"]);
});

test("a user's sessions end together; what does not expire stays until the user goes", async () => {
  const { identity, left } = await withSessions();
  await identity.deleteToken("t3");
  await identity.deleteAccessKey("k3");
  expect(await left()).toEqual(["for ever", "t1", "t2", "for ever", "k1", "k2"]);
  await identity.insertToken({
    hash: "t3",
    userId,
    projectId: null,
    expiresAt: null,
    createdAt: 9,
    methods: ["token", "password"],
  });
  await identity.deleteSessions(userId);
  expect(await left()).toEqual(["for ever", "for ever"]);
  await identity.deleteUser(userId);
  expect(await left()).toEqual([]);
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

test("every write makes what is remembered of identities old, and nothing else does", async () => {
  const store = await openTestStore();
  const user = aUser();
  const key = { id: "AK", userId, sealedSecret: "s", securityToken: null, createdAt };
  const token = { hash: "h", userId, projectId, methods: [], expiresAt: null, createdAt };
  const calls: {
    readonly [Name in keyof IdentityRepository]: readonly [0 | 1, (tx: IdentityRepository) => unknown];
  } = {
    insertAccount: [1, (tx) => tx.insertAccount(anAccount())],
    insertProject: [1, (tx) => tx.insertProject(aProject())],
    insertUser: [1, (tx) => tx.insertUser(user)],
    insertAccessKey: [1, (tx) => tx.insertAccessKey(key)],
    insertToken: [1, (tx) => tx.insertToken(token)],
    account: [0, (tx) => tx.account(accountId)],
    accountByName: [0, (tx) => tx.accountByName("owner")],
    accounts: [0, (tx) => tx.accounts({ offset: 0, limit: 1 })],
    user: [0, (tx) => tx.user(userId)],
    project: [0, (tx) => tx.project(projectId)],
    projects: [0, (tx) => tx.projects(accountId)],
    userByName: [0, (tx) => tx.userByName(accountId, "name")],
    users: [0, (tx) => tx.users(accountId)],
    accessKey: [0, (tx) => tx.accessKey("AK")],
    accessKeys: [0, (tx) => tx.accessKeys(userId)],
    tokenByHash: [0, (tx) => tx.tokenByHash("h")],
    operatorProjects: [0, (tx) => tx.operatorProjects()],
    updateUser: [1, (tx) => tx.updateUser(user)],
    trimSessions: [1, (tx) => tx.trimSessions(userId, 1, createdAt)],
    deleteSessions: [1, (tx) => tx.deleteSessions(userId)],
    deleteAllSessions: [1, (tx) => tx.deleteAllSessions()],
    deleteToken: [1, (tx) => tx.deleteToken("h")],
    deleteAccessKey: [1, (tx) => tx.deleteAccessKey("AK")],
    deleteUser: [1, (tx) => tx.deleteUser(userId)],
    deleteProject: [1, (tx) => tx.deleteProject(projectId)],
    deleteAccount: [1, (tx) => tx.deleteAccount(accountId)],
  };
  for (const [name, [growth, call]] of Object.entries(calls)) {
    const before = store.identityGeneration;
    await store.observe(async ({ identity }) => void (await call(identity)));
    expect([name, store.identityGeneration - before]).toEqual([name, growth]);
  }
});
