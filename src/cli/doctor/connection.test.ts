import { createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { startTestNode } from "../../lib/test-node.ts";
import { judgeConnection, tryConnection, type ConnectionAnswer } from "./connection.ts";
import { aKnownEndpoint } from "./test-endpoint.ts";

const patienceMs = 10_000;

describe("a connection", () => {
  test("that lasts is open, and tells where it comes from", async () => {
    const { port } = await startTestNode(() => undefined);
    const answer = await tryConnection({ address: "127.0.0.1", port }, patienceMs);
    expect(answer).toEqual({ address: "127.0.0.1", port, outcome: "open", code: "", source: "127.0.0.1" });
  });

  test.each(["resetAndDestroy", "end"] as const)("that is taken and cut (%s) is reset", async (cut) => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket[cut]();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    expect(await tryConnection({ address: "127.0.0.1", port }, patienceMs)).toMatchObject({
      outcome: "reset",
    });
  });

  test("where nobody listens is absent", async () => {
    const node = await startTestNode(() => undefined);
    await node.stop();
    const { port } = node;
    expect(await tryConnection({ address: "127.0.0.1", port }, patienceMs)).toMatchObject({
      outcome: "absent",
      code: "ECONNREFUSED",
      source: "127.0.0.1",
    });
  });

  test("into a network that is not there is unreachable", async () => {
    expect(await tryConnection({ address: "255.255.255.255", port: 9 }, patienceMs)).toMatchObject({
      outcome: "unreachable",
    });
  });
});

const answer = (outcome: ConnectionAnswer["outcome"], wish: Partial<ConnectionAnswer> = {}) => ({
  address: "10.0.0.5",
  port: 9_200,
  outcome,
  code: "E",
  ...wish,
});

describe("what it means", () => {
  const listed = aKnownEndpoint({ sources: ["10.0.0.0/24"] });
  const loopback = aKnownEndpoint({ isLoopback: true });

  test.each([
    [
      answer("silent"),
      undefined,
      undefined,
      /Nothing answers at 10\.0\.0\.5:9200/,
      /ip route get 10\.0\.0\.5/,
    ],
    [answer("unreachable"), undefined, undefined, /no way to 10\.0\.0\.5 \(E\)/, /route into/],
    [answer("absent"), undefined, undefined, /nothing listens there, or/, /without --no-api/],
    [answer("absent"), aKnownEndpoint(), undefined, /nothing listens there, or/, /postern status/],
    [answer("absent"), loopback, undefined, /no gateway holds the address/, /gateway's machine/],
    [
      answer("absent", { port: 9_300 }),
      aKnownEndpoint(),
      undefined,
      /refuses/,
      /port that the endpoint has: 9200/,
    ],
    [answer("reset"), undefined, undefined, /cuts them at once/, /without --no-api/],
    [answer("reset"), aKnownEndpoint(), undefined, /cuts them at once/, /postern endpoint list/],
    [
      answer("reset"),
      aKnownEndpoint(),
      "session_cap",
      /\(session_cap\): all of its 3000/,
      /postern endpoint cap/,
    ],
    [
      answer("absent"),
      aKnownEndpoint({ status: "rejected" }),
      undefined,
      /\(not_accepted\)/,
      /postern accept/,
    ],
    [answer("reset", { source: "10.1.0.9" }), listed, undefined, /\(source_not_allowed\)/, /Add 10\.1\.0\.9/],
    [
      answer("reset", { source: "10.0.0.9" }),
      listed,
      undefined,
      /cuts them at once/,
      /postern endpoint list/,
    ],
  ] as const)("%j", (found, known, counted, text, fix) => {
    const finding = judgeConnection(found, known, counted);
    expect(finding).toMatchObject({ verdict: "failed", text: expect.stringMatching(text) });
    expect(finding.fix).toMatch(fix);
  });

  test("an open one is fine, whatever is counted for others", () => {
    const open = { address: "fd00::5", port: 9_200, outcome: "open", code: "" } as const;
    expect(judgeConnection(open, aKnownEndpoint(), "session_cap")).toEqual({
      check: "TCP [fd00::5]:9200",
      verdict: "ok",
      text: "[fd00::5]:9200 takes connections.",
    });
  });
});
