import { get } from "node:http";
import { afterEach, beforeAll, afterAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { ok, Service } from "../support/service.ts";
import type { Endpoint } from "../support/service.ts";
import { openSession, openSessions, refusalOf } from "../support/session.ts";

let postern: Postern;
beforeAll(async () => {
  postern = await startPostern();
});
afterAll(() => postern.stop());

let count = 0;
let nodes: [SearchNode, SearchNode];
let service: Service;
let own: Endpoint;
beforeEach(async () => {
  // Ports that nobody takes while a node is away.
  const [one, two] = [await freePort(), await freePort()];
  nodes = [await startNode({ name: "one", port: one }), await startNode({ name: "two", port: two })];
  service = await Service.open(postern, `cluster-${++count}`, nodes);
  own = await service.ownEndpoint();
});
afterEach(async () => {
  await postern.api("DELETE", `/postern/v1/{pid}/clusters/${service.clusterId}`);
  await Promise.all(nodes.map((node) => node.stop()));
});

/** The name of the node that answers one request on a new connection. */
function ask(): Promise<string> {
  return new Promise((resolve, reject) => {
    const { ip, port } = own;
    const asked = get({ host: ip, port, path: "/who", agent: false, timeout: 10_000 }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      answer.on("error", reject).on("end", () => {
        const { node }: { readonly node?: string } = JSON.parse(text);
        resolve(node ?? `status ${answer.statusCode}`);
      });
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer"))).on("error", reject);
  });
}

/** Which nodes answer ten requests in a row. */
async function whoAnswers(): Promise<string[]> {
  const answers = new Set<string>();
  for (let request = 0; request < 10; request += 1) answers.add(await ask());
  return [...answers].toSorted();
}

type Health = { readonly healthy: boolean | null; readonly detail: string };

/** Waits until the owner is shown this health of the two nodes. */
async function waitForHealth(...expected: readonly [boolean, boolean]): Promise<readonly Health[]> {
  return await eventually(
    async () => {
      const path = `/postern/v1/{pid}/clusters/${service.clusterId}`;
      const shown = ok(await postern.api<{ nodes: readonly Health[] }>("GET", path)).nodes;
      return shown.every(({ healthy }, index) => healthy === expected[index]) && shown;
    },
    { timeoutMs: 20_000, what: `the health ${expected.join(", ")}` },
  );
}

describe("a node that goes away", () => {
  test("is passed over from the first request on, and used again when it is back", async () => {
    await waitForHealth(true, true);
    expect(await whoAnswers()).toEqual(["one", "two"]);
    await nodes[0].stop();
    // Nobody has found out yet: the session is carried to the next node, and its client notices nothing.
    expect(await whoAnswers()).toEqual(["two"]);
    const [health] = await waitForHealth(false, true);
    expect(health?.detail).toContain("ECONNREFUSED");
    expect(await whoAnswers()).toEqual(["two"]);

    nodes[0] = await startNode({ name: "one", port: nodes[0].port });
    await waitForHealth(true, true);
    await eventually(async () => (await whoAnswers()).length === 2, { what: "both nodes to answer again" });
    expect(await service.refusals(own.id)).toMatchObject({ no_healthy_node: 0 });
  });

  test("takes its own sessions with it and no other", async () => {
    const sessions = [
      await openSession(own),
      await openSession(own),
      await openSession(own),
      await openSession(own),
    ];
    const isOnFirst = (name: string) => nodes[0].raw.sessions.has(name);
    const [lost, kept] = [
      sessions.filter(({ name }) => isOnFirst(name)),
      sessions.filter(({ name }) => !isOnFirst(name)),
    ];
    expect([lost.length, kept.length].every((sum) => sum > 0)).toBe(true);
    await nodes[0].stop();
    await eventually(() => lost.every(({ isOver }) => isOver), {
      what: "the end of its sessions",
    });
    await waitForHealth(false, true);
    await Promise.all(kept.map((session) => session.echo()));
    for (const session of sessions) session.close();
  });
});

test("with no node left every new session is refused for that reason; one that comes back is enough", async () => {
  const session = await openSession(own);
  await Promise.all(nodes.map((node) => node.stop()));
  // Before anybody has found out, and after.
  expect(await refusalOf(own)).toBe("ECONNRESET");
  await waitForHealth(false, false);
  expect(await refusalOf(own)).toBe("ECONNRESET");
  await eventually(async () => (await service.refusals(own.id)).no_healthy_node === 2);
  await eventually(() => session.isOver, { what: "the end of the live session" });

  nodes[1] = await startNode({ name: "two", port: nodes[1].port });
  await waitForHealth(false, true);
  expect(await whoAnswers()).toEqual(["two"]);
});

describe("a node that answers, but badly", () => {
  test("is taken out at status 500, and put back once it serves", async () => {
    await waitForHealth(true, true);
    nodes[0].behave({ status: 500 });
    const [health] = await waitForHealth(false, true);
    expect(health?.detail).toBe("HTTP 500");
    expect(await whoAnswers()).toEqual(["two"]);
    nodes[0].behave({ status: 200 });
    await waitForHealth(true, true);
    expect(await whoAnswers()).toEqual(["one", "two"]);
  });

  test("stays when it only asks for credentials", async () => {
    nodes[0].behave({ credentials: { username: "u", password: "p" } });
    await eventually(async () => (await waitForHealth(true, true))[0]?.detail === "HTTP 401", {
      timeoutMs: 20_000,
    });
    expect(await whoAnswers()).toContain("status 401");
  });

  test("is taken out when it accepts and never answers", async () => {
    await waitForHealth(true, true);
    nodes[0].behave({ fault: "hang" });
    const [health] = await waitForHealth(false, true);
    expect(health?.detail).toContain("timeout");
    expect(await whoAnswers()).toEqual(["two"]);
  });
});

/** Bytes that the nodes have sent through the endpoint, as far as the gateway has taken them in. */
async function bytesOut(): Promise<number> {
  const { body } = await postern.api<{ readonly bytes_out: number }>(
    "GET",
    `/postern/v1/{pid}/endpoints/${own.id}`,
  );
  return body.bytes_out;
}

describe("a session", () => {
  test("can be closed in one direction and goes on in the other", async () => {
    const session = await openSession(own);
    // More than every buffer on the way: most of it comes back after the client has said its last word.
    const words = "word".repeat(1_000_000);
    expect((await session.finish(words)) === words).toBe(true);
    await eventually(() => session.death === "closed", { what: "an orderly end" });
  });

  test("passes on what the node says for ever, only as fast as the client listens", async () => {
    const { ip, port } = own;
    const body = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
      get({ host: ip, port, path: "/_stream", agent: false }, resolve).on("error", reject);
    });
    // Nobody reads: what the gateway takes in for the session comes to a stand.
    let last = -1;
    const standing = await eventually(
      async () => {
        const now = await bytesOut();
        const stands = now > 0 && now === last;
        last = now;
        return stands && now;
      },
      { intervalMs: 2_500, timeoutMs: 30_000, what: "the stream to come to a stand" },
    );
    expect(standing).toBeLessThan(64 * 1024 * 1024);
    body.resume();
    await eventually(async () => (await bytesOut()) > standing, { what: "the stream to go on" });
    (body as NodeJS.ReadableStream & { destroy(): void }).destroy();
  });

  test("carries 8 MB each way unchanged, and both sides can look up how much it was", async () => {
    const body = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => `${index} `.padEnd(8)).join(""));
    const { ip, port } = own;
    const answer = await fetch(`http://${ip}:${port}/big`, { method: "POST", body });
    const echoed: { readonly body?: string } = JSON.parse(await answer.text());
    expect(echoed.body === body.toString()).toBe(true);
    const big = (n: unknown): boolean => typeof n === "number" && n > body.length && n < body.length * 1.1;
    const shown = async () => (await postern.api("GET", `/postern/v1/{pid}/endpoints/${own.id}`)).body;
    await eventually(async () => big((await shown())["bytes_in"]) && big((await shown())["bytes_out"]));
  });
});

test("what the health check asks is no client's request, and a client's reaches one node exactly once", async () => {
  await ask();
  expect([...nodes[0].clientRequests(), ...nodes[1].clientRequests()]).toMatchObject([
    { method: "GET", url: "/who" },
  ]);
});

type Carried = { readonly new_sessions?: number; readonly bytes_in?: number };

/** What Postern says that went to each node. */
async function carriedByNode(): Promise<readonly Carried[]> {
  const path = `/postern/v1/{pid}/clusters/${service.clusterId}`;
  return ok(await postern.api<{ readonly nodes: readonly Carried[] }>("GET", path)).nodes;
}

test("what goes to each node is counted to the byte, also of sessions that are over", async () => {
  const sessions = await openSessions(own, 8);
  await eventually(
    async () => (await carriedByNode()).reduce((sum, node) => sum + (node.new_sessions ?? 0), 0) === 8,
    { what: "the sessions" },
  );
  const told = (await carriedByNode()).map((node) => node.bytes_in ?? 0);
  const arrived = nodes.map(({ raw }) => raw.bytes);
  await Promise.all(sessions.map((session, n) => session.echo("x".repeat(10_000 * n + 1))));
  const grown = nodes.map(({ raw }, n) => raw.bytes - (arrived[n] ?? 0));
  expect(grown.reduce((sum, bytes) => sum + bytes, 0)).toBe(280_008);
  const isExact = async (): Promise<boolean> =>
    (await carriedByNode()).every(({ bytes_in: bytes }, n) => bytes === (told[n] ?? 0) + (grown[n] ?? 0));
  await eventually(isExact, { what: "the bytes of live sessions" });
  for (const session of sessions) session.close();
  await eventually(() => nodes.every(({ raw }) => raw.open === 0), { what: "the end of the sessions" });
  await eventually(isExact, { what: "the bytes of sessions that are over" });
});
