import { expect, test } from "vitest";
import { requestSigner } from "../../console/src/api/sign.ts";
import { parseAuthorization } from "./signature/authorization.ts";
import { verifySignature } from "./signature/verify.ts";

/** Signs as the console does, and checks what arrives as the server does. */
async function verify(method: string, url: URL, body: string, secret = "SK") {
  const headers = await requestSigner({ id: "AK", secret: "SK" })(method, url, { accept: "*/*" }, body);
  const header = parseAuthorization(headers["authorization"] ?? "");
  if (!header) throw new Error("the console's header is malformed");
  const request = {
    method,
    target: `${url.pathname}${url.search}`,
    rawHeaders: Object.entries(headers).flat(),
    body: Buffer.from(body),
  };
  return verifySignature(request, header, secret, headers["x-sdk-date"], Date.now());
}

const odd = ["a b", "a+b", "a/b", "100%", "(x)!*'~", "ä€😀", "a=b&c=d", "", "#?", "%2F"];

test.each(odd)(
  "a request with %j in path, query and body is signed as the server checks it",
  async (text) => {
    const url = new URL(`http://localhost/postern/v1/p/clusters/${encodeURIComponent(text)}`);
    expect(await verify("GET", url, "")).toBeUndefined();
    url.searchParams.set("name", text);
    url.searchParams.append("name", "again");
    if (text !== "") url.searchParams.set(text, "1");
    const body = JSON.stringify({ text });
    expect(await verify("POST", url, body)).toBeUndefined();
    expect(await verify("POST", url, body, "SX")).toBe("mismatch");
  },
);

test("parameters are signed in their order, whichever they came in", async () => {
  const url = new URL("http://localhost/x/?b=2&a=1&B=3&a=0&a-b=1&a%2Fb=2");
  expect(await verify("GET", url, "")).toBeUndefined();
});
