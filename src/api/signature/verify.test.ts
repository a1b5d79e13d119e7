import { describe, expect, test } from "vitest";
import { parseAuthorization } from "./authorization.ts";
import type { SignableRequest } from "./canonical-request.ts";
import { parseSdkDate, verifySignature } from "./verify.ts";

const service =
  "/v1.0/0123456789abcdef0123456789abcdef/clusters/4f3deec3-efa8-4598-bf91-560aad1377a3/vpcepservice/";
const cssHeaders = [
  ["Content-Type", "application/json"],
  ["Host", "css.example.com"],
  ["X-Project-Id", "0123456789abcdef0123456789abcdef"],
  ["X-Sdk-Date", "20260102T150405Z"],
] as const;
const css = { date: "20260102T150405Z", headers: cssHeaders };
const go = { date: "20060102T150405Z", headers: [["X-Sdk-Date", "20060102T150405Z"]] as const };
const query = { date: "20260102T150405Z", headers: [["X-Sdk-Date", "20260102T150405Z"]] as const };

/** The published vectors, and those that came out of the official clients (contract section 4.4). */
const vectors = [
  {
    name: "GET",
    method: "GET",
    target: "/path?limit=1",
    body: "",
    signature: "5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624",
    ...go,
  },
  {
    name: "POST with a line end",
    method: "POST",
    target: "/path?key=value",
    body: '{"Name":"test","Id":1}\n',
    signature: "cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59",
    ...go,
  },
  {
    name: "V11",
    method: "GET",
    target: "/path?limit=1",
    body: "",
    signature: "8fd3610508884bb19718317797c7378716a94bc740d97502e569322e366341cc",
    scope: "20060102/test-region-1/demo",
    ...go,
  },
  {
    name: "GET connections",
    method: "GET",
    target: `${service}connections?limit=10&offset=0`,
    body: "",
    signature: "ad6f1e6e441d179ce4624dbd82f87ae768e3360eb9fac4b15fdd51c28b167a2f",
    ...css,
  },
  {
    name: "GET with a body",
    method: "GET",
    target: `${service}connections?limit=10&offset=0`,
    body: "{}",
    signature: "2948b40e73b0db7f3bbe2a4f90d4e6c28fc5b42bd8d79a2df13c1ec08f0ff1b2",
    ...css,
  },
  {
    name: "POST open",
    method: "POST",
    target: `${service}open`,
    body: '{"endpoint_with_dns_name":true}',
    signature: "cd1bbc5d60dc5b660c27a8c1a6d169f4fd93ceea9692f69eb81a2f3fbe7468f4",
    ...css,
  },
  {
    name: "query escapes",
    method: "GET",
    target: "/v1/p/vpc-endpoint-services/describe?endpoint_service_name=eu-de.a%20b%2Bc*~.x",
    body: "",
    signature: "af818d51e8e8b338fb71d2b6ec3ac6560f5662137599da5ae10c089277e51790",
    ...query,
  },
] as const;

type Vector = (typeof vectors)[number];

function requestOf(vector: Vector): SignableRequest {
  const { method, target, body, headers } = vector;
  return { method, target, rawHeaders: headers.flat(), body: Buffer.from(body) };
}

function headerOf(vector: Vector, signature: string = vector.signature) {
  const names = vector.headers.map(([name]) => name.toLowerCase()).join(";");
  const credential =
    "scope" in vector
      ? `V11-HMAC-SHA256 Credential=AccessKey/${vector.scope}`
      : "SDK-HMAC-SHA256 Access=AccessKey";
  const header = parseAuthorization(`${credential}, SignedHeaders=${names}, Signature=${signature}`);
  if (!header) throw new Error("the header of the test is malformed");
  return header;
}

function verify(vector: Vector, change: Partial<SignableRequest> = {}, secret = "SecretKey") {
  const now = parseSdkDate(vector.date) ?? Number.NaN;
  return verifySignature({ ...requestOf(vector), ...change }, headerOf(vector), secret, vector.date, now);
}

describe.each(vectors)("vector $name", (vector) => {
  test("holds", () => expect(verify(vector)).toBeUndefined());

  test("covers method, path, query, headers, body and key", () => {
    const changed = requestOf(vector).rawHeaders.map((part, index) => (index === 1 ? `${part}x` : part));
    expect(verify(vector, { method: "PUT" })).toBe("mismatch");
    expect(verify(vector, { target: `${vector.target}1` })).toBe("mismatch");
    expect(verify(vector, { target: vector.target.replace("/", "/x") })).toBe("mismatch");
    expect(verify(vector, { rawHeaders: changed })).toBe("mismatch");
    expect(verify(vector, { body: Buffer.from(`${vector.body} `) })).toBe("mismatch");
    expect(verify(vector, {}, "SecretKez")).toBe("mismatch");
  });
});

const [first] = vectors;
const signedAt = Date.UTC(2006, 0, 2, 15, 4, 5);

test.each([
  [-15 * 60_000, undefined],
  [15 * 60_000, undefined],
  [15 * 60_000 + 1, "expired"],
  [-15 * 60_000 - 1, "expired"],
] as const)("a clock that is off by %i ms: %s", (offMs, fault) => {
  expect(verifySignature(requestOf(first), headerOf(first), "SecretKey", first.date, signedAt + offMs)).toBe(
    fault,
  );
});

test("a date that is missing, malformed or not signed is refused", () => {
  const unsigned = { ...headerOf(first), signedHeaders: ["host"] };
  expect(verifySignature(requestOf(first), headerOf(first), "SecretKey", undefined, signedAt)).toBe(
    "no date",
  );
  expect(verifySignature(requestOf(first), headerOf(first), "SecretKey", "2006-01-02", signedAt)).toBe(
    "no date",
  );
  expect(verifySignature(requestOf(first), unsigned, "SecretKey", first.date, signedAt)).toBe("no date");
});

test("a content hash that is not the body's is refused, whatever was signed", () => {
  const request = requestOf(first);
  const rawHeaders = [...request.rawHeaders, "X-Sdk-Content-Sha256", "00".repeat(32)];
  expect(verify(first, { rawHeaders })).toBe("mismatch");
});
