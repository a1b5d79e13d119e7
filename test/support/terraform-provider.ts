import assert from "node:assert/strict";
import { createHmac, hash } from "node:crypto";
import type { ApiAnswer } from "./api.ts";
import { eventually } from "./eventually.ts";
import type { Admin } from "./postern.ts";

/** A plain JSON object, as the provider decodes every answer. */
export type Json = Readonly<Record<string, unknown>>;

/** The statuses that the provider's library takes for a success where a call names none. */
const usualSuccess: Readonly<Record<string, readonly number[]>> = {
  GET: [200],
  POST: [200, 201, 202],
  PUT: [200, 201, 202],
  DELETE: [200, 202, 204],
};

/** The provider's library answers so when a call has another status. */
export class RequestError extends Error {
  readonly status: number;
  readonly body: Json;

  constructor(call: string, { status, body }: ApiAnswer<Json>) {
    super(`${call} gave ${status}: ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
  }

  /** Whether the provider takes a cluster for gone. */
  get isGone(): boolean {
    return this.status === 404 || (this.status === 403 && this.body["errCode"] === "CSS.0015");
  }
}

export type RequestOptions = {
  readonly body?: object;
  /** The statuses that this call takes for a success; default: its method's usual ones. */
  readonly ok?: readonly number[];
};

const signedHeaders = ["accept", "content-type", "user-agent", "x-sdk-date"];

/** Sends what the Terraform provider sends, as it sends it, and takes what it takes. */
export class TerraformProvider {
  readonly #admin: Admin;

  constructor(admin: Admin) {
    this.#admin = admin;
  }

  /** One call; `{pid}` in the path stands for the project. @throws RequestError when its status is no success */
  async request(method: string, path: string, { body, ok }: RequestOptions = {}): Promise<Json> {
    const text = body === undefined ? "" : `${JSON.stringify(body)}\n`;
    const url = new URL(path.replaceAll("{pid}", this.#admin.project_id), this.#admin.endpoint);
    const response = await fetch(url, {
      method,
      headers: this.#sign(method, url, text),
      ...(text === "" ? {} : { body: text }),
      signal: AbortSignal.timeout(30_000),
    });
    const received = await response.text();
    const json: Json = received === "" ? {} : JSON.parse(received);
    const answer = { status: response.status, headers: response.headers, body: json };
    if ((ok ?? usualSuccess[method] ?? []).includes(answer.status)) return json;
    throw new RequestError(`${method} ${path}`, answer);
  }

  /**
   * Waits as the provider does: what is not pending must be a target, else it is an error.
   * @param stateOf the state in an answer; "gone" stands for a resource that is no more
   * @throws AssertionError when it ends in another state
   */
  async poll(
    path: string,
    pending: readonly string[],
    targets: readonly string[],
    stateOf = (body: Json): string => String(body["status"]),
  ): Promise<Json> {
    const read = async (): Promise<{ state: string; body: Json }> => {
      try {
        const body = await this.request("GET", path);
        return { state: stateOf(body), body };
      } catch (error) {
        if (error instanceof RequestError && error.isGone) return { state: "gone", body: {} };
        throw error;
      }
    };
    const settled = await eventually(async () => {
      const now = await read();
      return pending.includes(now.state) ? false : now;
    });
    const { state, body } = settled;
    assert.ok(targets.includes(state), `${path} became ${state}: ${JSON.stringify(body)}`);
    return body;
  }

  /** Reads a list as the library's pager does: without a limit, and on until a page is an empty array. */
  async pages(path: string): Promise<readonly Json[]> {
    const all: Json[] = [];
    for (let pageIndex = 0; pageIndex < 1_000; pageIndex += 1) {
      const separator = path.includes("?") ? "&" : "?";
      const offset = all.length === 0 ? "" : `${separator}offset=${all.length}`;
      const body = await this.request("GET", path + offset);
      const arrays = Object.values(body).filter((value) => Array.isArray(value));
      assert.equal(arrays.length, 1, `The page has not one array: ${JSON.stringify(body)}`);
      const items: readonly Json[] = arrays[0] ?? [];
      if (items.length === 0) return all;
      all.push(...items);
    }
    throw new Error(`${path} has no end`);
  }

  /** Neither the host nor the project is signed: they are set afterwards. */
  #sign(method: string, url: URL, body: string): Record<string, string> {
    const headers: Record<string, string> = {
      accept: "application/json",
      "content-type": "application/json",
      "user-agent": "terraform-provider-huaweicloud",
      "x-sdk-date": new Date().toISOString().replaceAll(/[-:]|\.\d+/g, ""),
    };
    const query = [...url.searchParams]
      .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
      .toSorted();
    const lines = signedHeaders.map((name) => `${name}:${headers[name]}\n`).join("");
    const names = signedHeaders.join(";");
    const request = [method, `${url.pathname}/`, query.join("&"), lines, names, hash("sha256", body)].join(
      "\n",
    );
    const text = `SDK-HMAC-SHA256\n${headers["x-sdk-date"]}\n${hash("sha256", request)}`;
    const signature = createHmac("sha256", this.#admin.secret_key).update(text).digest("hex");
    return {
      ...headers,
      authorization: `SDK-HMAC-SHA256 Access=${this.#admin.access_key}, SignedHeaders=${names}, Signature=${signature}`,
      "x-project-id": this.#admin.project_id,
      connection: "close",
    };
  }
}

type Kind = "string" | "number" | "boolean" | "array" | "object";

function kindOf(value: unknown): Kind | "null" | "other" {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const kind = typeof value;
  return kind === "string" || kind === "number" || kind === "boolean" || kind === "object" ? kind : "other";
}

/** Checks a body as Go decodes it: a field may be absent or null, but never of another type. */
export function expectDecodable(body: Json, fields: Readonly<Record<string, Kind>>): void {
  for (const [name, kind] of Object.entries(fields)) {
    const value = body[name] ?? undefined;
    if (value === undefined) continue;
    assert.equal(kindOf(value), kind, `The type of ${name}`);
    // Its numbers are all of integer types.
    if (kind === "number") assert.ok(Number.isInteger(value), `${name} is no integer`);
  }
}

/** Checks an assertion that the provider makes unchecked: anything else, also nothing, makes it panic. */
export function expectCast(body: Json, fields: Readonly<Record<string, Kind>>): void {
  for (const [name, kind] of Object.entries(fields))
    assert.equal(kindOf(body[name]), kind, `The type of ${name}`);
}

/** The objects in a field that the provider walks through. */
export function itemsOf(body: Json, name: string): readonly Json[] {
  expectCast(body, { [name]: "array" });
  // `expectCast` has just looked.
  return body[name] as readonly Json[];
}
