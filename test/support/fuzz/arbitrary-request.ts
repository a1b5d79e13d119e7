import * as fc from "fast-check";
import type { DescribedOperation } from "./description.ts";
import { fitting, fittingPath, fittingQuery, known } from "./fitting.ts";
import { badCredentials, badHeaders, badPath, badQuery, mutated, spoiled } from "./hostile.ts";
import type { FuzzRequest } from "./request.ts";

type Headers = FuzzRequest["headers"];
type Body = Pick<FuzzRequest, "body" | "encoding" | "framing">;

const token: Headers = [["X-Auth-Token", "{{token:0}}"]];
const json: Headers = [["Content-Type", "application/json"]];

/** Requests that the description of an operation allows. */
export function fittingRequest(operation: DescribedOperation): fc.Arbitrary<FuzzRequest> {
  return request(
    operation,
    fittingPath(operation),
    fittingQuery(operation),
    fittingBody(operation),
    fc.constant([]),
  );
}

/** Requests that come near to an operation and are wrong in one thing, rarely in more. */
export function hostileRequest(operation: DescribedOperation): fc.Arbitrary<FuzzRequest> {
  const path = fittingPath(operation);
  const query = fittingQuery(operation);
  const body = fittingBody(operation);
  const none = fc.constant<Headers>([]);
  const wrongPath = path.chain(badPath);
  const wrongBody = operation.body ? hostileBody(operation) : unexpectedBody;
  return fc.oneof(
    { weight: 5, arbitrary: request(operation, path, query, wrongBody, none) },
    { weight: 2, arbitrary: request(operation, path, query, body, badHeaders) },
    { weight: 2, arbitrary: request(operation, wrongPath, query, body, none) },
    { weight: 2, arbitrary: request(operation, path, badQuery, body, none) },
    { weight: 1, arbitrary: request(operation, path, query, body, none, badCredentials) },
    { weight: 1, arbitrary: request(operation, wrongPath, badQuery, wrongBody, badHeaders) },
    { weight: 1, arbitrary: request(operation, path, query, body, none).chain(otherMethod) },
  );
}

function request(
  operation: DescribedOperation,
  path: fc.Arbitrary<string>,
  query: fc.Arbitrary<string>,
  body: fc.Arbitrary<Body>,
  extra: fc.Arbitrary<Headers>,
  credentials: fc.Arbitrary<Headers> = fc.constant(token),
): fc.Arbitrary<FuzzRequest> {
  return fc
    .tuple(path, query, body, extra, credentials, subject)
    .map(([where, what, sent, more, who, whom]) => ({
      operation: operation.id,
      method: operation.method,
      target: `${where}${what}`,
      headers: [
        ...who,
        ...(operation.path === "/v3/auth/tokens" ? whom : []),
        ...bodyType(sent, more),
        ...more,
      ],
      ...sent,
    }));
}

/** The sign-in operations look at a token in a header that the description has no word for. */
const subject: fc.Arbitrary<Headers> = fc.oneof(
  known("spare_token").map((text): Headers => [["X-Subject-Token", text]]),
  fc.constantFrom<Headers>([["X-Subject-Token", "nobody's"]], []),
);

/** A kind that an extra header names stands alone. */
function bodyType({ body }: Body, extra: Headers): Headers {
  return body === undefined || extra.some(([name]) => name === "Content-Type") ? [] : json;
}

function fittingBody({ body, path }: DescribedOperation): fc.Arbitrary<Body> {
  if (!body) return fc.constant({});
  const framing = fc.constantFrom<Body>({}, {}, {}, { framing: "chunked" });
  return fc
    .tuple(fitting(body, path.split("/")), framing)
    .map(([value, how]) => ({ body: JSON.stringify(value), ...how }));
}

function hostileBody({ body = {}, path }: DescribedOperation): fc.Arbitrary<Body> {
  const value = fitting(body, path.split("/"));
  const text = value.map((fit) => JSON.stringify(fit));
  return fc.oneof(
    { weight: 6, arbitrary: value.chain(mutated).map((bad) => ({ body: JSON.stringify(bad) ?? "" })) },
    { weight: 3, arbitrary: text.chain(spoiled).map((bad) => ({ body: bad })) },
    { weight: 1, arbitrary: noBytesOfText },
    { weight: 1, arbitrary: text.chain(badlyFramed) },
  );
}

const noBytesOfText = fc
  .string({ unit: "binary-ascii" })
  .map((noise): Body => ({ body: `${noise}\u00ff`, encoding: "latin1" }));

function badlyFramed(body: string): fc.Arbitrary<Body> {
  return fc.constantFrom<Body>(
    { body, framing: "cut" },
    { body, framing: "surplus" },
    { body, framing: "unannounced" },
    { body: "", framing: "cut" },
  );
}

const unexpectedBody: fc.Arbitrary<Body> = fc.constantFrom<Body>(
  { body: "{}" },
  { body: "" },
  { body: "[1,2" },
  { body: '{"a":1}', framing: "chunked" },
  { body: '{"a":1}', framing: "cut" },
  { body: "x".repeat(1_100_000) },
);

function otherMethod(one: FuzzRequest): fc.Arbitrary<FuzzRequest> {
  return fc
    .constantFrom(
      "GET",
      "HEAD",
      "POST",
      "PUT",
      "PATCH",
      "DELETE",
      "OPTIONS",
      "TRACE",
      "PROPFIND",
      "get",
      "BREW",
    )
    .map((method) => ({ ...one, method }));
}
