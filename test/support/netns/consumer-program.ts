/** A consumer's programs: sessions and requests that begin in its namespace. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { NameAsker } from "../dns/name-asker.ts";
import type { Found } from "../dns/name-asker.ts";
import { listenOn } from "../listen.ts";
import { openSession } from "../session.ts";
import type { Address, Session } from "../session.ts";
import type { CheckedStream, StreamFigures } from "../checked-stream.ts";
import { serve } from "./serve.ts";

const held = new Map<string, Session>();
const askers = new Map<string, NameAsker>();
const streams = new Map<string, CheckedStream>();
let attempts = 0;

export type Burst = {
  readonly admitted: readonly string[];
  readonly refused: Readonly<Record<string, number>>;
};

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

const procedures = {
  /** Asks a name server on port 53 for a name; see `NameAsker`. */
  findName: (server: string, mostTtlS: number, name: string): Promise<Found> => {
    const asker = askers.get(server) ?? new NameAsker(server, 53, mostTtlS);
    askers.set(server, asker);
    return asker.find(name);
  },
  /** Opens sessions, all at the same moment, and holds those that are let in. */
  open: async (address: Address, count: number): Promise<Burst> => {
    const opening = Array.from({ length: count }, () =>
      openSession(address, `/${process.pid}-${++attempts}`),
    );
    const refused: Record<string, number> = {};
    const admitted: string[] = [];
    for (const outcome of await Promise.allSettled(opening)) {
      if (outcome.status === "fulfilled") {
        held.set(outcome.value.name, outcome.value);
        admitted.push(outcome.value.name);
      } else {
        const code = codeOf(outcome.reason);
        refused[code] = (refused[code] ?? 0) + 1;
      }
    }
    return { admitted, refused };
  },
  close: (names: readonly string[]): void => {
    for (const name of names) {
      held.get(name)?.close();
      held.delete(name);
    }
  },
  echo: async (names: readonly string[]): Promise<void> => {
    await Promise.all(names.flatMap((name) => held.get(name)?.echo() ?? []));
  },
  pump: (names: readonly string[]): void => {
    for (const name of names) held.get(name)?.pump();
  },
  mark: (): void => {
    for (const session of held.values()) session.mark();
  },
  /** How the held sessions ended (null: not yet), counted, and the marks that have come through. */
  fates: (names: readonly string[]) => {
    const deaths: Record<string, number> = {};
    let marks = 0;
    for (const name of names) {
      const session = held.get(name);
      const death = session?.death ?? "alive";
      deaths[death] = (deaths[death] ?? 0) + 1;
      marks += session?.marks ?? 0;
    }
    return { deaths, marks };
  },
  /** Keeps checked bytes going on sessions. */
  stream: (names: readonly string[]): void => {
    for (const name of names) {
      const session = held.get(name);
      if (session) streams.set(name, session.stream());
    }
  },
  streamed: (): number => Math.min(...[...streams.values()].map(({ receivedBytes }) => receivedBytes)),
  finishStreams: async (): Promise<{ sent: StreamFigures; received: StreamFigures }[]> => {
    const finished = await Promise.all([...streams.values()].map((stream) => stream.finish()));
    streams.clear();
    return finished;
  },
  /** The body of an answer to GET. @throws Error with the system's code */
  get: ({ ip, port }: Address, path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: ip, port, path, agent: false, timeout: 10_000 }, (answer) => {
        let body = "";
        answer.setEncoding("utf8").on("data", (text: string) => (body += text));
        answer.on("end", () => resolve(body));
      });
      asked.on("timeout", () => asked.destroy(new Error("No answer came within 10 s")));
      asked.on("error", reject).end();
    }),
  /** Tries a TCP connection; `connected`, the system's code, or `silence` after `patienceMs`. */
  probe: ({ ip, port }: Address, patienceMs: number, localAddress?: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect({ host: ip, port, ...(localAddress ? { localAddress } : {}) });
      const over = (what: string): void => {
        clearTimeout(timer);
        socket.destroy();
        resolve(what);
      };
      const timer = setTimeout(() => over("silence"), patienceMs);
      socket.on("connect", () => over("connected")).on("error", (error) => over(codeOf(error)));
    }),
  /** Sends a datagram. What comes back, if anything, is for `Capture` to see. */
  sendDatagram: async ({ ip, port }: Address): Promise<void> => {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve, reject) => {
      socket.send("hello", port, ip, (error) => (error ? reject(error) : resolve()));
    });
    socket.close();
    await once(socket, "close");
  },
  /** Listens on every address, and gives the port; connections are accepted and dropped. */
  listen: (): Promise<number> =>
    listenOn(
      createServer((socket) => socket.destroy()),
      0,
      "0.0.0.0",
    ),
};

export type ConsumerProcedures = typeof procedures;
serve(procedures);
