import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { responseCode } from "../wire.ts";
import { number16, sign, TsigVerifier, type TsigKey } from "./tsig.ts";

export interface ServerAddress {
  readonly server: string;
  readonly port: number;
  readonly key: TsigKey;
}

const exchangeMs = 30_000;
/** A zone of some hundred thousand names. */
const mostAnswerBytes = 256 * 1024 * 1024;

/** Why a name server did not do what it was asked to, and what to do about it. */
export class ExchangeError extends Error {}

const refusals: Readonly<Record<number, string>> = {
  [responseCode.refused]: "It refuses: allow this key to update and to transfer the zone.",
  [responseCode.notAuthoritative]:
    "It does not serve this zone: make it the zone's primary, or name another.",
  [responseCode.notZone]: "The names do not lie in this zone: name the zone that they lie in.",
  [responseCode.serverFailure]: "It failed: its own log says why. Its zone file has to be writable for it.",
  [responseCode.notImplemented]: "It knows no updates: it has to support RFC 2136.",
};

/**
 * Sends a signed message over a connection of its own, and hands the messages of the answer to `take` as they come, with
 * their signatures checked: those that have none with the next one's. Nothing of it counts before this returns.
 * @param take returns whether that was the last message
 * @throws ExchangeError, TsigError, the system's error; after 30 s too
 */
export async function exchange(
  { server, port, key }: ServerAddress,
  message: Buffer,
  take: (message: Buffer) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const late = AbortSignal.timeout(exchangeMs);
  const socket = connect({ host: server, port, signal: AbortSignal.any([signal, late]) });
  try {
    await once(socket, "connect");
    const signed = sign(message, key, nowS());
    socket.write(Buffer.concat([number16(signed.message.length), signed.message]));
    const verifier = new TsigVerifier(key, signed.mac);
    for await (const answer of messages(socket)) {
      if (answer.readUInt16BE(0) !== message.readUInt16BE(0))
        throw new ExchangeError("It answers to nobody's question.");
      const bare = verifier.take(answer, nowS());
      checkCode(bare);
      if (!take(bare)) continue;
      if (!verifier.isSettled) throw new ExchangeError("The end of its answer has no signature.");
      return;
    }
    throw new ExchangeError("It closed the connection without a whole answer.");
  } catch (error) {
    throw late.aborted ? new ExchangeError(`It did not answer within ${exchangeMs / 1000} s.`) : error;
  } finally {
    socket.destroy();
  }
}

/** The messages of a connection, each behind its length (RFC 1035, section 4.2.2). */
async function* messages(socket: Socket): AsyncGenerator<Buffer> {
  let pending: Buffer = Buffer.alloc(0);
  let total = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > mostAnswerBytes) throw new ExchangeError("Its answer is too long.");
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      if (end < 2 + 12) throw new ExchangeError("What it answered is no DNS message.");
      yield pending.subarray(2, end);
      pending = pending.subarray(end);
    }
  }
}

function checkCode(message: Buffer): void {
  const code = message.readUInt8(3) & 0x0f;
  if (code !== responseCode.noError)
    throw new ExchangeError(refusals[code] ?? `It answered with the code ${code}.`);
}

function nowS(): number {
  return Math.floor(Date.now() / 1000);
}
