import { describe, expect, test } from "vitest";
import { aCluster } from "../domain/test-fixtures.ts";
import { TokenAuthenticator } from "./authentication.ts";
import { startTestServer } from "./test-server.ts";

async function start() {
  const server = await startTestServer();
  const owner = await server.tenant("owner", true);
  return { server, owner, authenticator: new TokenAuthenticator(server.store, server.clock) };
}

test("a token tells who sends it, in which project", async () => {
  const { owner, authenticator } = await start();
  expect(await authenticator.authenticate(owner.token)).toEqual({
    userId: expect.stringMatching(/^[0-9a-f]{32}$/),
    accountId: owner.accountId,
    projectId: owner.projectId,
    isOperator: true,
    role: "administrator",
    actions: [],
  });
});

describe("what is remembered", () => {
  test("is nothing before the first look-up, and the same as that afterwards", async () => {
    const { owner, authenticator } = await start();
    expect(authenticator.recall(owner.token)).toBeUndefined();
    const principal = await authenticator.authenticate(owner.token);
    expect(authenticator.recall(owner.token)).toEqual(principal);
    expect(authenticator.recall(`${owner.token}x`)).toBeUndefined();
    expect(authenticator.recall(undefined)).toBeUndefined();
  });

  test("is forgotten with the next commit about identities: it may have taken the token away", async () => {
    const { server, owner, authenticator } = await start();
    const principal = await authenticator.authenticate(owner.token);
    await server.store.observe((tx) => tx.clusters.touch(aCluster().id, 1));
    expect(authenticator.recall(owner.token)).toEqual(principal);
    await server.store.observe((tx) => tx.identity.deleteToken("another"));
    expect(authenticator.recall(owner.token)).toBeUndefined();
  });

  test("is not kept when a commit came during the look-up", async () => {
    const { server, owner, authenticator } = await start();
    const looking = authenticator.authenticate(owner.token);
    await server.store.observe((tx) => tx.identity.deleteToken("another"));
    await looking;
    expect(authenticator.recall(owner.token)).toBeUndefined();
  });

  test("ends when the token does", async () => {
    const { server, owner, authenticator } = await start();
    const token = await owner.expiringToken(server.clock.now() + 1_000);
    await authenticator.authenticate(token);
    server.clock.advance(999);
    expect(authenticator.recall(token)).toBeDefined();
    server.clock.advance(1);
    expect(authenticator.recall(token)).toBeUndefined();
    await expect(authenticator.authenticate(token)).rejects.toThrow(/token expires/);
  });
});
