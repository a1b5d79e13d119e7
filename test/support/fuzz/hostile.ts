import * as fc from "fast-check";

const long = "x".repeat(20_000);

/** Values that fit hardly any schema, or only just. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    "true",
    "",
    " ",
    0,
    -1,
    -0,
    1.5,
    1e21,
    1e300,
    -1e300,
    {},
    [],
    [[]],
    [null],
  ),
  fc.constantFrom<unknown>(
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    Number.MAX_SAFE_INTEGER,
    2 ** 53,
    65_535,
    65_536,
    1_000_001,
  ),
  fc.constantFrom<unknown>(
    "\u0000",
    "a\u0000b",
    "\ud800",
    "\u202e",
    "\ufeff",
    "🐘".repeat(40),
    "é\u0301",
    "__proto__",
    "constructor",
    "toString",
    "*",
    "' OR 1=1 --",
    "%s%n",
    "../../etc/passwd",
    "<script>",
    "\r\nX-Bad: 1",
    "127.0.0.1",
    "0x7f.1",
    "NaN",
    "1e3",
    "iam:domain::*",
    "x".repeat(64),
    "x".repeat(257),
    long,
  ),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(2, 51, 101, 1_001).map((count) => Array.from({ length: count }, (_, index) => `x${index}`)),
  fc.constantFrom<unknown>(
    Array.from({ length: 20_000 }, () => 1),
    nested(200),
  ),
);

function nested(depth: number): unknown {
  let value: unknown = "deep";
  for (let level = 0; level < depth; level += 1) value = { a: [value] };
  return value;
}

/** Replaces, removes or adds one thing anywhere inside a JSON value. */
export function mutated(value: unknown): fc.Arbitrary<unknown> {
  return fc
    .tuple(fc.nat(1_000), fc.constantFrom("replace", "replace", "remove", "add"), fc.string(), hostileValue)
    .map(([at, how, key, poison]) => mutate(value, at, how, key, poison));
}

function mutate(value: unknown, at: number, how: string, key: string, poison: unknown): unknown {
  const copy: unknown = structuredClone(value);
  const places = placesIn(copy);
  const place = places[at % Math.max(1, places.length)];
  if (!place) return poison;
  const { holder, name } = place;
  if (how === "add") holder[key] = poison;
  else if (how === "remove") delete holder[name];
  else holder[name] = poison;
  return copy;
}

type Place = { readonly holder: Record<string, unknown>; readonly name: string };

function placesIn(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((name) => [{ holder, name }, ...placesIn(holder[name])]);
}

/** Spoils a JSON text as text: what no JSON value can be turned into. */
export function spoiled(json: string): fc.Arbitrary<string> {
  const inside = json.slice(1);
  return fc.oneof(
    fc.nat(Math.max(0, json.length - 1)).map((end) => json.slice(0, end)),
    fc.nat(json.length).map((at) => `${json.slice(0, at)}\u0000${json.slice(at)}`),
    fc.constantFrom(
      `{"__proto__":{"isOperator":true},${inside}`,
      `{"constructor":{"prototype":{"x":1}},${inside}`,
      `${json.slice(0, -1)},"action":"reject","action":"receive","name":"a","name":"b"}`,
      `${json}${json}`,
      `\ufeff${json}`,
      "[".repeat(100_000),
      `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`,
      `${json.slice(0, -1)},"n":1e999}`,
      json.replaceAll(/\d+/g, "9".repeat(400)),
      "null",
      "0",
      '"text"',
      "[]",
      "[{}]",
      "true",
      " ",
      "NaN",
      "{'a':1}",
      "<xml/>",
      JSON.stringify({ filler: "x".repeat(1_100_000) }),
    ),
  );
}

const badSegments = [
  "%00",
  "%2e%2e",
  "..",
  "..%2f..%2fadmin",
  "%2F",
  "%5c",
  "%ff%fe",
  "%c0%ae%c0%ae",
  "%zz",
  "%",
  "%e0%80",
  ";x=1",
  "",
  "'%20or%201=1--",
  "__proto__",
  "constructor",
  "*",
  "%0d%0aX-Bad:%201",
  "%F0%9F%90%98",
  "é",
  "\u0001",
  "-1",
  "#",
  "x".repeat(101),
  "x".repeat(201),
  "x".repeat(9_000),
  "%41".repeat(300),
] as const;

/** A path with one part replaced by something that is none. */
export function badPath(path: string): fc.Arbitrary<string> {
  const parts = path.split("/");
  return fc.tuple(fc.nat(parts.length), fc.constantFrom(...badSegments)).map(([index, bad]) => {
    const at = 1 + (index % Math.max(1, parts.length - 1));
    return [...parts.slice(0, at), bad, ...parts.slice(at + 1)].join("/");
  });
}

/** A query string that no schema describes. */
export const badQuery: fc.Arbitrary<string> = fc.constantFrom(
  "?limit=-1",
  "?limit=0",
  "?limit=1001",
  "?limit=1e3",
  "?limit=99999999999999999999",
  "?limit=1&limit=2",
  "?limit[]=1",
  "?offset=-0",
  "?offset=1000001",
  "?offset=%00",
  "?offset=&limit=",
  "?marker_id=2147483648",
  "?status=",
  "?id=%00",
  "?__proto__=1&constructor=2",
  "?sort_key=id;drop",
  "?%",
  "?%ff=%fe",
  "?a=%zz",
  "?=",
  "?&&&",
  "??",
  "?name=%ed%a0%80",
  `?name=${"x".repeat(5_000)}`,
  `?${"a=1&".repeat(1_500)}`,
  "?tags=1&tags=2",
  "?user_id={{user:3}}",
  "?%6cimit=2",
);

type Headers = readonly (readonly [string, string])[];

const sdk = "SDK-HMAC-SHA256 Access=";
/** Headers that try to confuse. A `null` token sends no X-Auth-Token. */
export const badHeaders: fc.Arbitrary<Headers> = fc.constantFrom<Headers>(
  [["If-Match", "garbage"]],
  [["If-Match", '"'.repeat(4_000)]],
  [["If-Match", `${'"1",'.repeat(1_500)}*`]],
  [["If-Match", 'W/"1"']],
  [["If-None-Match", "*"]],
  [["If-None-Match", "\u00ff\u00fe"]],
  [["X-Postern-Dry-Run", "true"]],
  [
    ["X-Postern-Dry-Run", "true"],
    ["If-Match", "*"],
  ],
  [["X-Postern-Dry-Run", "TRUE, true"]],
  [["X-Auth-Token", "x".repeat(9_000)]],
  [["X-Auth-Token", "second"]],
  [["X-Subject-Token", "x".repeat(5_000)]],
  [["X-Subject-Token", "unknown"]],
  [["Authorization", sdk]],
  [["Authorization", `${sdk}AK, SignedHeaders=host;x-sdk-date, Signature=00`]],
  [["Authorization", `V11-HMAC-SHA256 Credential=AK/20260101/r/s, SignedHeaders=, Signature=`]],
  [
    ["X-Security-Token", "x"],
    ["X-Sdk-Date", "20260101T000000Z"],
  ],
  [["X-Project-Id", "__proto__"]],
  [["Content-Type", "text/plain"]],
  [["Content-Type", "application/json; charset=utf-16"]],
  [["Content-Type", "application/json;;;"]],
  [["Content-Type", "multipart/form-data; boundary="]],
  [["Content-Type", ""]],
  [["Content-Encoding", "gzip"]],
  [["Content-Length", "7"]],
  [["Content-Length", "-1"]],
  [["Transfer-Encoding", "gzip, chunked"]],
  [["Expect", "100-continue"]],
  [["Expect", "a miracle"]],
  [
    ["Upgrade", "h2c"],
    ["Connection", "Upgrade"],
  ],
  [["Range", "bytes=0-1"]],
  [["X-HTTP-Method-Override", "DELETE"]],
  [
    ["X-Forwarded-Host", "evil:99999"],
    ["Host", "evil"],
  ],
  [
    ["Accept-Encoding", "br;q=1, *;q=0"],
    ["Accept", "text/xml"],
  ],
  [["X-Long", "x".repeat(17_000)]],
  [["Bad Header", "1"]],
  [["X-Control", "a\u0001b"]],
);

/** Credentials that sign nobody in. */
export const badCredentials: fc.Arbitrary<Headers> = fc.constantFrom<Headers>(
  [],
  [["X-Auth-Token", ""]],
  [["X-Auth-Token", "\u00e9\u00ff"]],
  [["X-Auth-Token", "x".repeat(5_000)]],
  [["Authorization", "Bearer x"]],
  [["Authorization", `${sdk}{{key:1}}, SignedHeaders=host, Signature=${"0".repeat(64)}`]],
  [
    ["Authorization", `${sdk}{{own_key:0}}, SignedHeaders=host;x-sdk-date, Signature=${"0".repeat(64)}`],
    ["X-Sdk-Date", "99999999T999999Z"],
  ],
  [
    ["Authorization", `${sdk}{{key:2}}, SignedHeaders=${"a;".repeat(2_000)}x-sdk-date, Signature=zz`],
    ["X-Sdk-Date", "20260101T000000Z"],
  ],
);
