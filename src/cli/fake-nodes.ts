import { FakeRefusal, type FakeModel } from "./fake-model.ts";

/** A node as the fake shows it. */
export interface FakeNode {
  readonly id: string;
  readonly url: string;
  readonly healthy: boolean;
  readonly detail: string;
  readonly state: string;
  readonly sessions?: number;
  readonly new_sessions?: number;
  readonly bytes_in?: number;
  readonly bytes_out?: number;
}

/** What a node carries that serves. */
const carried = { sessions: 2, new_sessions: 7, bytes_in: 1_000, bytes_out: 20_000 };

/** A cluster as the fake shows it; nobody looks at more of it here. */
export type FakeClusterBody = { readonly nodes: readonly FakeNode[] } & Readonly<Record<string, unknown>>;

/** Shows a node; one that is draining has one session less each time. */
export function nodeBody(model: FakeModel, node: Pick<FakeNode, "id" | "url" | "healthy">): FakeNode {
  const left = model.draining.get(node.id);
  if (left === undefined) {
    const state = node.healthy ? { state: "serving", ...carried } : { state: "down" };
    return { ...node, detail: "HTTP 200", ...state };
  }
  model.draining.set(node.id, Math.max(0, left - 1));
  return { ...node, detail: "HTTP 200", state: left === 0 ? "drained" : "draining", sessions: left };
}

/** @throws FakeRefusal */
export function drainNode(model: FakeModel, { nodes }: FakeClusterBody, id: string): FakeNode {
  model.draining.set(id, model.sessionsOnNode);
  return find(nodes, id);
}

/** @throws FakeRefusal */
export function undrainNode(model: FakeModel, { nodes }: FakeClusterBody, id: string): FakeNode {
  model.draining.delete(id);
  return find(nodes, id);
}

function find(nodes: readonly FakeNode[], id: string): FakeNode {
  const found = nodes.find((node) => node.id === id);
  if (found === undefined) throw new FakeRefusal(404, "CSS.0016", "No such node.");
  return found;
}
