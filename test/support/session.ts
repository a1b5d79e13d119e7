import { connect } from "node:net";
import type { Socket } from "node:net";
import { CheckedStream } from "./checked-stream.ts";
import { RawPeer } from "./raw-peer.ts";

/** Where an endpoint is, and, where that matters, which of one's own addresses one comes from. */
export type Address = { readonly ip: string; readonly port: number; readonly from?: string };

const patienceMs = 30_000;

/**
 * Gathers what a socket receives until `isEnough` says so.
 * @throws Error when the connection ends first, with the system's code where there is one, or after 30 s.
 */
function receive(socket: Socket, isEnough: (heard: string, hasEnded: boolean) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = "";
    const over = (settle: () => void): void => {
      clearTimeout(timer);
      socket.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose);
      settle();
    };
    const look = (hasEnded: boolean): void => {
      if (isEnough(heard, hasEnded)) over(() => resolve(heard));
      else if (hasEnded) onError(new Error("The connection ended before all had come"));
    };
    const onData = (chunk: Buffer): void => {
      heard += chunk.toString("latin1");
      look(false);
    };
    const onEnd = (): void => look(true);
    const onClose = (): void => onError(new Error("The connection was closed before all had come"));
    const onError = (error: Error): void => over(() => reject(error));
    const timer = setTimeout(() => onError(new Error(`Nothing came within ${patienceMs} ms`)), patienceMs);
    socket.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
    if (socket.destroyed) onClose();
  });
}

/** A consumer's end of a raw session with a node (see `startNode`), through an endpoint or straight. */
export class Session extends RawPeer<Socket> {
  /** The path by which the node knows the session. */
  readonly name: string;

  constructor(name: string, socket: Socket) {
    super(socket);
    this.name = name;
  }

  /** Sends text and waits until the node has sent it back. @throws Error when that does not come. */
  async echo(text = `${this.name} is alive.`): Promise<void> {
    const heard = receive(this.socket, (sofar) => sofar.includes(text));
    this.socket.write(text);
    await heard;
  }

  /** Sends checked bytes until it is told to finish. */
  stream(): CheckedStream {
    return new CheckedStream(this.socket);
  }

  /** Sends the last words with a FIN; gives what still came back once the node has ended its side too. */
  async finish(lastWords: string): Promise<string> {
    const heard = receive(this.socket, (_, hasEnded) => hasEnded);
    this.socket.end(lastWords);
    return await heard;
  }
}

let opened = 0;

/**
 * Opens a raw session.
 * @throws Error with the system's code when the endpoint refuses: ECONNREFUSED, ECONNRESET or EPIPE.
 */
export async function openSession(
  { ip, port, from }: Address,
  name = `/session-${++opened}`,
): Promise<Session> {
  const local = from === undefined ? {} : { localAddress: from };
  const socket = connect({ host: ip, port, allowHalfOpen: true, noDelay: true, ...local });
  // An error that nobody waits for any more must not end the process.
  socket.on("error", () => undefined);
  try {
    socket.write(`GET ${name} HTTP/1.1\r\nHost: node\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n`);
    // Nothing follows the head of the answer before the session has sent something.
    const head = await receive(socket, (heard) => heard.endsWith("\r\n\r\n"));
    if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`The node answered: ${head}`);
    return new Session(name, socket);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Opens `count` raw sessions, no more than 200 of them at the same moment. */
export async function openSessions(address: Address, count: number): Promise<Session[]> {
  const sessions: Session[] = [];
  while (sessions.length < count) {
    const batch = Math.min(200, count - sessions.length);
    sessions.push(...(await Promise.all(Array.from({ length: batch }, () => openSession(address)))));
  }
  return sessions;
}

/** How a new session is refused: the system's code. @throws Error when it is let in, or refused in another way. */
export async function refusalOf(address: Address): Promise<string> {
  let error: unknown;
  try {
    (await openSession(address)).close();
  } catch (thrown) {
    error = thrown;
  }
  if (error instanceof Error && "code" in error) return String(error.code);
  throw error ?? new Error(`${address.ip} let a session in`);
}
