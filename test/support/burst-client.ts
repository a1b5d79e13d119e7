/**
 * A client process of its own: opens many sessions at the same moment and holds those that are let in.
 * It is told what to do, and answers, by messages; see `burst.ts`.
 */
import { openSession } from "./session.ts";
import type { Address, Session } from "./session.ts";

export type BurstOrder =
  | { readonly kind: "connect"; readonly address: Address; readonly count: number }
  | { readonly kind: "close"; readonly count: number };

/** How many sessions were let in, and how many refused, by the code that the client saw. */
export type BurstResult = { readonly admitted: number; readonly refused: Readonly<Record<string, number>> };

const held: Session[] = [];

async function connectAll({ ip, port }: Address, count: number): Promise<BurstResult> {
  const attempts = Array.from({ length: count }, () => openSession({ ip, port }));
  const outcomes = await Promise.allSettled(attempts);
  const refused: Record<string, number> = {};
  let admitted = 0;
  for (const outcome of outcomes) {
    if (outcome.status === "fulfilled") {
      held.push(outcome.value);
      admitted += 1;
      continue;
    }
    const error: unknown = outcome.reason;
    const how = error instanceof Error && "code" in error ? String(error.code) : String(error);
    refused[how] = (refused[how] ?? 0) + 1;
  }
  return { admitted, refused };
}

async function obey(order: BurstOrder): Promise<BurstResult> {
  if (order.kind === "connect") return await connectAll(order.address, order.count);
  for (const session of held.splice(0, order.count)) session.close();
  return { admitted: 0, refused: {} };
}

process.on("message", (order: BurstOrder) => void obey(order).then((result) => process.send?.(result)));
process.on("disconnect", () => process.exit());
