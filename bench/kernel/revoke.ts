import { readFileSync } from "node:fs";
import { join } from "node:path";
import { answerOf } from "./engine-host.ts";
import type { Namespaces } from "./namespaces.ts";
import type { SessionsEnd, SessionsSetting } from "./session-orders.ts";
import type { Testbed } from "./testbed.ts";

/** What rejecting an endpoint with live sessions took, from the order on, in milliseconds. */
export interface Revoked {
  readonly lastByteMs: number;
  readonly consumerResetMs: number;
  readonly nodeResetMs: number;
  /** Bytes of conntrack's own entries for each session; undefined where the kernel does not tell. */
  readonly sessionBytes: number | undefined;
}

/** Holds sessions through the first of so many endpoints, which all carry bytes, and rejects it. */
export async function revoke(
  { engine, postern, provider, consumer }: Testbed,
  namespaces: Namespaces,
  endpoints: number,
  count: number,
): Promise<Revoked> {
  const file = join(import.meta.dirname, "session-process.ts");
  const start = (namespace: string, setting: SessionsSetting) =>
    namespaces.fork(namespace, file, JSON.stringify(setting));
  const node = start(provider, { role: "node", count });
  await answerOf(node);
  const before = conntrackBytes();
  const nodeReady = answerOf(node);
  const consuming = start(consumer, { role: "consumer", address: postern.address, count });
  await Promise.all([answerOf(consuming), nodeReady]);
  const after = conntrackBytes();
  const ends = Promise.all([answerOf(node), answerOf(consuming)]) as Promise<[SessionsEnd, SessionsEnd]>;
  // They end with the bench where the order fails: that is what has to be told then.
  ends.catch(() => undefined);
  const { startedAtMs } = await engine.order({ kind: "apply", endpoints, rejected: 0 });
  const [atNode, atConsumer] = await ends;
  for (const child of [node, consuming]) child.disconnect();
  await engine.order({ kind: "apply", endpoints });
  return {
    lastByteMs: atNode.lastByteAtMs - startedAtMs,
    consumerResetMs: atConsumer.lastCloseAtMs - startedAtMs,
    nodeResetMs: atNode.lastCloseAtMs - startedAtMs,
    sessionBytes: before === undefined || after === undefined ? undefined : (after - before) / count,
  };
}

function conntrackBytes(): number | undefined {
  const line = /^nf_conntrack +(\d+) +\d+ +(\d+)/m.exec(readFileSync("/proc/slabinfo", "utf8"));
  return line ? Number(line[1]) * Number(line[2]) : undefined;
}
