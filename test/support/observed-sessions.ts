import { expect } from "vitest";
import { eventually } from "./eventually.ts";
import type { SearchNode } from "./node.ts";
import type { RawPeer } from "./raw-peer.ts";
import { openSessions } from "./session.ts";
import type { Address, Session } from "./session.ts";

/** Sessions of one endpoint, seen from both ends. */
export class ObservedSessions {
  readonly clients: readonly Session[];
  /** Both ends of every session. */
  readonly peers: readonly RawPeer[];

  private constructor(clients: readonly Session[], servers: readonly RawPeer[]) {
    this.clients = clients;
    this.peers = [...clients, ...servers];
  }

  static async open(address: Address, node: SearchNode, count: number): Promise<ObservedSessions> {
    const clients = await openSessions(address, count);
    const servers = clients.map(({ name }) => {
      const server = node.raw.sessions.get(name);
      if (!server) throw new Error(`The node does not know the session ${name}`);
      return server;
    });
    return new ObservedSessions(clients, servers);
  }

  /** Puts the first `count` sessions under load in both directions: the node sends back all it gets. */
  async pump(count: number): Promise<void> {
    for (const client of this.clients.slice(0, count)) client.pump();
    await eventually(() =>
      this.clients.slice(0, count).every(({ receivedBytes }) => receivedBytes > 100_000),
    );
  }

  /** Sends a mark from every end that can still send. */
  mark(): void {
    for (const peer of this.peers) peer.mark();
  }

  close(): void {
    for (const client of this.clients) client.close();
  }
}

/** Every session has died at both ends, told by a reset, and none of what was marked has come through. */
export async function expectSevered({ peers }: ObservedSessions): Promise<void> {
  await eventually(() => peers.every(({ death }) => death !== undefined), {
    timeoutMs: 20_000,
    what: "the end of every session at both ends",
  });
  // An orderly end would make half an answer look like a whole one.
  for (const { death } of peers) expect(["ECONNRESET", "EPIPE"]).toContain(death);
  expect(peers.reduce((sum, { marks }) => sum + marks, 0)).toBe(0);
}

/** No session has ended, and everything still comes back: the first `pumped` are under load, the rest are asked. */
export async function expectUntouched({ clients, peers }: ObservedSessions, pumped: number): Promise<void> {
  expect(peers.filter(({ death }) => death !== undefined)).toEqual([]);
  const before = clients.slice(0, pumped).map(({ receivedBytes }) => receivedBytes);
  await eventually(
    () => before.every((bytes, index) => (clients[index]?.receivedBytes ?? 0) > bytes + 100_000),
    { what: "the load of the neighbours to go on" },
  );
  await Promise.all(clients.slice(pumped).map((client) => client.echo()));
  // A mark that may pass does: it is not the marks that fail to show.
  const asked = clients.at(-1);
  const marks = asked?.marks ?? 0;
  asked?.mark();
  await eventually(() => asked?.marks === marks + 1, { what: "the mark to come back" });
}
