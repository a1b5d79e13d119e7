import { expect, test } from "vitest";
import { readMessages, type SseMessage } from "./sse.ts";

async function read(...chunks: readonly string[]): Promise<readonly SseMessage[]> {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
  const messages: SseMessage[] = [];
  for await (const message of readMessages(body)) messages.push(message);
  return messages;
}

test("messages are whole, however they are cut on their way", async () => {
  const whole =
    'retry: 1000\nid: 7\n\nid: 8\nevent: node.down\ndata: {"a":\ndata: 1}\n\n: heartbeat\nid: 9\n\n';
  const messages = [
    { id: "7", event: "message", data: undefined },
    { id: "8", event: "node.down", data: '{"a":\n1}' },
    { id: "9", event: "message", data: undefined },
  ];
  expect(await read(whole)).toEqual(messages);
  expect(await read(...whole.split(""))).toEqual(messages);
});

test("what is not ended is no message", async () => {
  expect(await read("data: 1\n\ndata: 2\n")).toEqual([{ id: undefined, event: "message", data: "1" }]);
});

test("a message without end is not kept", async () => {
  await expect(read("data: ", "x".repeat(1_000_001))).rejects.toThrow("no end");
});
