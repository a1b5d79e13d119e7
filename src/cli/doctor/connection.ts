import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, isIPv6 } from "node:net";
import { failed, ok, type Finding } from "./finding.ts";
import type { KnownEndpoint } from "./known-endpoint.ts";
import { admitsSource, adviceOn, standingRefusal } from "./refusal.ts";

export interface Destination {
  readonly address: string;
  readonly port: number;
}

/** What came of one connection. */
export interface ConnectionAnswer extends Destination {
  /** `reset`: it opened and was cut at once. `absent`: nobody answered for the port. `silent`: no answer in time. */
  readonly outcome: "open" | "reset" | "absent" | "silent" | "unreachable";
  /** The system's code; "" where it opened. */
  readonly code: string;
  /** The address that this machine connects from; left out where it has none for that. */
  readonly source?: string;
}

/** The proxy engine takes a connection before it refuses it: what lives so long is let in. */
const settleMs = 500;

/** Connects, waits whether that lasts, and hangs up. Never throws. */
export async function tryConnection(destination: Destination, timeoutMs: number): Promise<ConnectionAnswer> {
  const [result, source] = await Promise.all([outcomeOf(destination, timeoutMs), sourceTowards(destination)]);
  return { ...destination, ...result, ...(source !== undefined && { source }) };
}

type Outcome = Pick<ConnectionAnswer, "outcome" | "code">;

function outcomeOf({ address, port }: Destination, timeoutMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const settle = (outcome: Outcome["outcome"], code: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ outcome, code });
    };
    let timer = setTimeout(() => settle("silent", "ETIMEDOUT"), timeoutMs);
    socket.once("connect", () => {
      clearTimeout(timer);
      timer = setTimeout(() => settle("open", ""), settleMs);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message;
      settle(outcomeOfCode(code), code);
    });
    socket.once("end", () => settle("reset", "closed"));
    socket.resume();
  });
}

/** A UDP socket that connects learns which address it has for a destination, and sends nothing. */
async function sourceTowards({ address, port }: Destination): Promise<string | undefined> {
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  try {
    socket.connect(port, address);
    await once(socket, "connect");
    return socket.address().address;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

function outcomeOfCode(code: string): ConnectionAnswer["outcome"] {
  if (code === "ECONNREFUSED") return "absent";
  // Taken and then cut, even where that was too soon to be seen open: a refused SYN is ECONNREFUSED.
  if (code === "ECONNRESET") return "reset";
  return code === "ETIMEDOUT" ? "silent" : "unreachable";
}

/** Writes a destination as people and URLs do. */
export function destinationText({ address, port }: Destination): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * Judges one connection.
 * @param known the endpoint as it should be; undefined: not known
 * @param counted the reason that the gateway counted for it; undefined: none, or not known
 */
export function judgeConnection(
  answer: ConnectionAnswer,
  known: KnownEndpoint | undefined,
  counted: string | undefined,
): Finding {
  const place = destinationText(answer);
  const check = `TCP ${place}`;
  if (answer.outcome === "open") return ok(check, `${place} takes connections.`);
  if (answer.outcome === "unreachable") {
    return failed(
      check,
      `This machine has no way to ${answer.address} (${answer.code}).`,
      `Give it a route into the endpoint's network: ip route get ${answer.address} tells which one it takes.`,
    );
  }
  if (answer.outcome === "silent") {
    return failed(
      check,
      `Nothing answers at ${place}: neither a connection nor a refusal came in time.`,
      `Look at the route (ip route get ${answer.address}), at firewalls on the way, and whether the gateway runs.`,
    );
  }
  return judgeRefusal(check, answer, known, counted);
}

function judgeRefusal(
  check: string,
  answer: ConnectionAnswer,
  known: KnownEndpoint | undefined,
  counted: string | undefined,
): Finding {
  const place = destinationText(answer);
  const reason = counted ?? (known && reasonOf(known, answer.source));
  if (known !== undefined && reason !== undefined) {
    const { why, fix } = adviceOn(reason, known, answer.source);
    return failed(check, `${place} refuses connections (${reason}): ${why}.`, fix);
  }
  if (answer.outcome === "reset") {
    return failed(
      check,
      `${place} takes connections and cuts them at once: a gateway refuses them.`,
      known === undefined
        ? "Ask the API for the reason: repeat this without --no-api and with the credentials of the endpoint's project."
        : "Look at the reasons that are counted: postern endpoint list",
    );
  }
  return failed(check, `${place} refuses connections: ${absence(known)}.`, absenceFix(known, answer));
}

function reasonOf(known: KnownEndpoint, source: string | undefined): string | undefined {
  return standingRefusal(known) ?? (admitsSource(known, source) ? undefined : "source_not_allowed");
}

function absence(known: KnownEndpoint | undefined): string {
  return known?.isLoopback === true
    ? "its network is on loopback, and no gateway holds the address on this machine"
    : "nothing listens there, or a gateway refuses them";
}

function absenceFix(known: KnownEndpoint | undefined, { port }: Destination): string {
  if (known === undefined)
    return `Check that ${port} is the endpoint's port; with the credentials of its project (without --no-api) this tells the reason.`;
  if (!known.ports.includes(port))
    return `Connect to a port that the endpoint has: ${known.ports.join(", ")}.`;
  if (known.isLoopback)
    return "Run this on the gateway's machine, and see that the gateway runs: postern status";
  return "See that the gateway runs (postern status), and which reasons are counted: postern endpoint list";
}
