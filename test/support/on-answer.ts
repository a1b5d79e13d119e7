import { request } from "node:http";
import type { Credentials } from "./api.ts";

/**
 * Makes a request and calls `act` the moment that its answer arrives, before anything else this process has to do:
 * `fetch` would hand the answer over some turns later.
 * @returns status and headers of the answer
 */
export function onAnswer(
  caller: Credentials,
  call: { readonly method: string; readonly path: string; readonly body?: object },
  act: () => void,
): Promise<{ readonly status: number; readonly enforced: unknown; readonly severed: unknown }> {
  const text = call.body === undefined ? "" : JSON.stringify(call.body);
  const url = new URL(call.path.replaceAll("{pid}", caller.project_id), caller.endpoint);
  const headers = {
    "X-Auth-Token": caller.token,
    "Content-Length": Buffer.byteLength(text),
    ...(call.body === undefined ? {} : { "Content-Type": "application/json" }),
  };
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: call.method, headers, agent: false, timeout: 30_000 }, (answer) => {
      act();
      answer.resume();
      resolve({
        status: answer.statusCode ?? 0,
        enforced: answer.headers["x-postern-enforced"],
        severed: answer.headers["x-postern-severed"],
      });
    });
    asked.on("timeout", () => asked.destroy(new Error("No answer came within 30 s")));
    asked.on("error", reject).end(text);
  });
}
