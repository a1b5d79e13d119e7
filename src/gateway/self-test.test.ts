import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { DesiredEndpoint } from "../domain/desired.ts";
import { createLogger } from "../lib/log.ts";
import type { Engine } from "./engine.ts";
import { ProxyEngine } from "./proxy/engine.ts";
import { selfTest } from "./self-test.ts";

test("an engine that works passes, and carries nothing afterwards", async () => {
  const engine = await ProxyEngine.start({ workers: 2, log: createLogger("test", "silent") });
  try {
    await selfTest(engine);
    expect(engine.figures()).toEqual([]);
  } finally {
    await engine.close();
  }
});

/** An engine whose endpoints do what `bringUp` does. */
function engineThat(bringUp: (endpoint: DesiredEndpoint) => Promise<string | undefined>): Engine {
  return {
    kinds: [],
    async apply([endpoint]) {
      const message = endpoint && (await bringUp(endpoint));
      const failures =
        endpoint && message !== undefined
          ? [{ endpointId: endpoint.id, code: "internal" as const, message }]
          : [];
      return { severedSessions: 0, failures };
    },
    figuresByNode: () => Promise.resolve(new Map()),
    figures: () => [],
    takeRefusals: () => [],
    end: () => Promise.resolve(false),
    sessions: () => Promise.resolve({ total: 0, sessions: [] }),
    close: () => Promise.resolve(),
  };
}

test("an engine that cannot listen fails with its reason", async () => {
  const broken = engineThat(() => Promise.resolve("no loopback here"));
  await expect(selfTest(broken)).rejects.toThrow("no loopback here");
});

test("an engine that admits what it has to refuse fails", async () => {
  const server = createServer();
  const open = engineThat(async ({ address, clientPorts: [port = 0] }) => {
    await new Promise<void>((resolve) => {
      server.listen({ host: address, port }, resolve);
    });
    expect((server.address() as AddressInfo).port).toBe(port);
    return undefined;
  });
  try {
    await expect(selfTest(open)).rejects.toThrow("was not");
  } finally {
    server.close();
  }
});
