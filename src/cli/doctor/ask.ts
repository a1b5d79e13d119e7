import { probe, type ProbeTarget } from "../../lib/http-probe.ts";
import type { HttpAnswer } from "./cluster.ts";

/** Asks the cluster one thing, within the time limit, and never throws. */
export async function ask(target: ProbeTarget, timeoutMs: number): Promise<HttpAnswer> {
  try {
    const { status, body } = await probe(target, timeoutMs);
    return { status, body: parseJson(body) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
