import { createSocket } from "node:dgram";
import { once } from "node:events";
import { decode, encode } from "dns-packet";
import { expect, onTestFinished, test } from "vitest";
import { txtLookup } from "./txt-lookup.ts";

/** A resolver that knows one name, has no TXT record of another, and fails for `fails.example`. */
async function startResolver(): Promise<string> {
  const socket = createSocket("udp4");
  socket.on("message", (message, { port, address }) => {
    const { id = 0, questions = [] } = decode(message);
    const name = questions[0]?.name ?? "";
    const data = ["postern-", "verification=abc"];
    const answers = name === "here.example" ? [{ type: "TXT" as const, name, ttl: 5, data }] : [];
    const code = { "here.example": 0, "empty.example": 0, "fails.example": 2 }[name] ?? 3;
    socket.send(encode({ type: "response", id, questions, answers, flags: code }), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  return `127.0.0.1:${socket.address().port}`;
}

test("a record that came in parts is one text; names without one have none", async () => {
  const lookUp = txtLookup([await startResolver()]);
  expect(await lookUp("here.example")).toEqual(["postern-verification=abc"]);
  expect(await lookUp("empty.example")).toEqual([]);
  expect(await lookUp("nowhere.example")).toEqual([]);
  await expect(lookUp("fails.example")).rejects.toThrow("the resolver says");
});
