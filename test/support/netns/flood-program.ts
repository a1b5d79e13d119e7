/** Floods that begin in a consumer's namespace, and the steady requests of a neighbour. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import type { Address } from "../session.ts";
import { sendHalfOpen } from "./half-open.ts";
import { serve } from "./serve.ts";

/** What a neighbour's requests came to. */
export type Steady = {
  readonly answered: number;
  readonly failed: readonly string[];
  /** Connections that it took. */
  readonly connections: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

const atOnce = 64;
let steady: { readonly stop: () => Promise<Steady>; readonly answered: () => number } | undefined;

/** Returns whether the request went over a new connection. */
function get({ ip, port }: Address, agent: Agent): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: ip, port, path: "/steady", agent, timeout: 30_000 }, (answer) => {
      answer.on("error", reject).on("end", () => {
        if (answer.statusCode === 200) resolve(!asked.reusedSocket);
        else reject(new Error(`status ${answer.statusCode}`));
      });
      answer.resume();
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer within 30 s")));
    asked.on("error", reject).end();
  });
}

/** One request after the other on each of a few connections that are kept. */
function startSteady(address: Address, connections: number): NonNullable<typeof steady> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const took: number[] = [];
  const failed: string[] = [];
  const end = new AbortController();
  let connected = 0;
  const line = async (): Promise<void> => {
    while (!end.signal.aborted && failed.length < 100) {
      const startedAt = performance.now();
      try {
        if (await get(address, agent)) connected += 1;
        took.push(performance.now() - startedAt);
      } catch (error) {
        failed.push(String(error));
      }
    }
  };
  const lines = Promise.all(Array.from({ length: connections }, line));
  const stop = async (): Promise<Steady> => {
    end.abort();
    await lines;
    agent.destroy();
    const sorted = took.toSorted((a, b) => a - b);
    const at = (part: number): number =>
      Math.round((sorted[Math.floor(sorted.length * part)] ?? 0) * 100) / 100;
    return { answered: took.length, failed, connections: connected, p50Ms: at(0.5), p99Ms: at(0.99) };
  };
  return { stop, answered: () => took.length };
}

/** Opens a session and ends it as soon as it is there. */
async function shortSession({ ip, port }: Address): Promise<"admitted" | "refused"> {
  const socket = connect({ host: ip, port });
  try {
    await once(socket, "connect");
    socket.end();
    socket.resume();
    await once(socket, "close");
    return "admitted";
  } catch {
    return "refused";
  }
}

const procedures = {
  startSteady: (address: Address, connections: number): void => {
    steady = startSteady(address, connections);
  },
  answered: (): number => steady?.answered() ?? 0,
  finishSteady: async (): Promise<Steady> => {
    const over = await steady?.stop();
    steady = undefined;
    if (!over) throw new Error("No requests were started");
    return over;
  },
  /** Opens and ends so many sessions, 64 at a time. */
  shortSessions: async (address: Address, count: number) => {
    const outcomes = { admitted: 0, refused: 0 };
    let left = count;
    const line = async (): Promise<void> => {
      while (left-- > 0) outcomes[await shortSession(address)] += 1;
    };
    await Promise.all(Array.from({ length: atOnce }, line));
    return outcomes;
  },
  halfOpen: sendHalfOpen,
  /** Sends datagrams to as many ports. */
  datagrams: async (ip: string, count: number): Promise<void> => {
    const socket = createSocket("udp4");
    for (let sent = 0; sent < count; sent += 1) {
      await new Promise<void>((resolve) => socket.send("junk", 1 + (sent % 65_535), ip, () => resolve()));
    }
    socket.close();
  },
};

export type FloodProcedures = typeof procedures;
serve(procedures);
