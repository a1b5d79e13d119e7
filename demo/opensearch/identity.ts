import { eventually } from "../../test/support/eventually.ts";

export type NodeIdentity = {
  readonly engine: "opensearch" | "elasticsearch";
  readonly version: string;
  /** True for the small replacement of `stand-in.ts`, wherever it runs. */
  readonly standIn: boolean;
};

type Greeting = {
  readonly version?: {
    readonly number?: unknown;
    readonly distribution?: unknown;
    readonly build_type?: unknown;
  };
};

/** The `version.build_type` by which a stand-in gives itself away. */
export const standInBuildType = "stand-in";

function parseGreeting(text: string): Greeting | null {
  try {
    const greeting: Greeting | null = JSON.parse(text);
    return greeting;
  } catch {
    return null;
  }
}

/**
 * Asks a node who it is (`GET /`).
 * @throws Error when it does not answer within 5 s, refuses, or is neither OpenSearch nor Elasticsearch.
 */
export async function identifyNode(url: string): Promise<NodeIdentity> {
  let answer: Response;
  try {
    answer = await fetch(new URL("/", url), { signal: AbortSignal.timeout(5_000), redirect: "manual" });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(`${url} does not answer (${cause instanceof Error ? cause.message : String(cause)})`, {
      cause: error,
    });
  }
  if (answer.status === 401 || answer.status === 403) {
    throw new Error(`${url} asks for credentials; the demo needs a cluster that answers without them`);
  }
  const body = parseGreeting(await answer.text());
  const number = body?.version?.number;
  if (!answer.ok || typeof number !== "string") {
    throw new Error(
      `${url} answers with status ${answer.status}, but not as OpenSearch or Elasticsearch do at /`,
    );
  }
  return {
    engine: body?.version?.distribution === "opensearch" ? "opensearch" : "elasticsearch",
    version: number,
    standIn: body?.version?.build_type === standInBuildType,
  };
}

export type ReadinessOptions = {
  readonly timeoutMs: number;
  /** True when waiting has no more sense because the node's process has ended. */
  readonly hasEnded: () => boolean;
  /** The end of the node's log, for the error text. */
  readonly tail: () => string;
  /** Called every few seconds with the seconds waited. */
  readonly onWait: (seconds: number) => void;
};

/**
 * Waits until a node that was just started can take an index: it says who it is and its health is at least yellow.
 * @throws Error with the end of its log when it ends early or takes too long.
 */
export async function waitForNode(url: string, options: ReadinessOptions): Promise<NodeIdentity> {
  const startedAt = performance.now();
  const heartbeat = setInterval(
    () => options.onWait(Math.round((performance.now() - startedAt) / 1000)),
    5_000,
  );
  const isReady = async (): Promise<boolean> => {
    if (options.hasEnded()) return true;
    const health = await fetch(new URL("/_cluster/health", url), { signal: AbortSignal.timeout(5_000) });
    const { status }: { readonly status?: unknown } = JSON.parse(await health.text());
    return health.ok && (status === "green" || status === "yellow");
  };
  try {
    await eventually(isReady, { timeoutMs: options.timeoutMs, intervalMs: 100, what: `the node at ${url}` });
    if (options.hasEnded()) throw new Error("The node ended while it was starting");
    return await identifyNode(url);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason}. The end of its log:\n${options.tail()}`, { cause: error });
  } finally {
    clearInterval(heartbeat);
  }
}
