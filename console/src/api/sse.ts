/** One message of a stream of server-sent events. */
export interface SseMessage {
  /** Undefined where the message has none of its own. */
  readonly id: string | undefined;
  readonly event: string;
  /** Undefined: the message only tells a position. */
  readonly data: string | undefined;
}

const mostBufferedCharacters = 1_000_000;

/**
 * Reads server-sent events (HTML Living Standard 9.2.6) as they come, until the stream ends.
 * @throws Error where a message is longer than a million characters, and what the stream throws
 */
export async function* readMessages(body: ReadableStream<Uint8Array>): AsyncGenerator<SseMessage> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true }).replaceAll("\r", "");
      const blocks = rest.split("\n\n");
      rest = blocks.pop() ?? "";
      if (rest.length > mostBufferedCharacters) throw new Error("A message of the event stream has no end.");
      yield* blocks.map(parseMessage);
    }
  } finally {
    // Whoever stops reading lets the connection go.
    await reader.cancel().catch(() => undefined);
  }
}

function parseMessage(block: string): SseMessage {
  const fields = block.split("\n").map((line) => /^(\w+): ?(.*)$/.exec(line) ?? []);
  const last = (name: string): string | undefined => fields.findLast((field) => field[1] === name)?.[2];
  const data = fields.flatMap(([, name, value]) => (name === "data" && value !== undefined ? [value] : []));
  return {
    id: last("id"),
    event: last("event") ?? "message",
    data: data.length === 0 ? undefined : data.join("\n"),
  };
}
