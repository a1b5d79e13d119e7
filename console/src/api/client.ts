import { ApiFailure } from "./failure.ts";
import type { RequestSigner } from "./sign.ts";

export interface RequestOptions {
  readonly body?: object;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface ApiAnswer<Body> {
  readonly body: Body;
  readonly headers: Headers;
}

/** The public API, as whoever is signed in: by the browser's cookie, or by keys that this page alone holds. */
export class ApiClient {
  readonly #signer: RequestSigner | undefined;

  /** @param signer signs requests with access keys; the cookie goes along where it is left out */
  constructor(signer?: RequestSigner) {
    this.#signer = signer;
  }

  async request<Body>(method: string, path: string, options: RequestOptions = {}): Promise<ApiAnswer<Body>> {
    const response = await this.open(method, path, options);
    const text = await response.text();
    return { body: (text === "" ? undefined : JSON.parse(text)) as Body, headers: response.headers };
  }

  async get<Body>(path: string, query: RequestOptions["query"] = {}, signal?: AbortSignal): Promise<Body> {
    const { body } = await this.request<Body>("GET", path, { query, ...(signal ? { signal } : {}) });
    return body;
  }

  /** Returns the answer as it comes: for streams. @throws ApiFailure */
  async open(method: string, path: string, options: RequestOptions): Promise<Response> {
    const url = new URL(path, location.origin);
    for (const [name, value] of Object.entries(options.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const headers: Record<string, string> = {
      "x-postern-console": "1",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...options.headers,
    };
    const signed = this.#signer ? await this.#signer(method, url, headers, body ?? "") : headers;
    const response = await reach(url, {
      method,
      headers: signed,
      credentials: this.#signer ? "omit" : "same-origin",
      ...(body === undefined ? {} : { body }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    if (response.ok) return response;
    throw await failureOf(response);
  }
}

async function reach(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiFailure(0, "The server does not answer.");
  }
}

/** All protocols' errors: CSS, VPCEP and IAM name their parts differently. */
async function failureOf(response: Response): Promise<ApiFailure> {
  const requestId = response.headers.get("x-request-id") ?? undefined;
  const { status } = response;
  try {
    const body = (await response.json()) as Record<string, unknown>;
    const inner = (body["error"] ?? body) as Record<string, string | number | undefined>;
    const message = inner["externalMessage"] ?? inner["error_msg"] ?? inner["message"];
    const code = inner["errCode"] ?? inner["error_code"] ?? inner["code"];
    return new ApiFailure(status, String(message), code === undefined ? undefined : String(code), requestId);
  } catch {
    return new ApiFailure(status, `The server answered HTTP ${status}.`, undefined, requestId);
  }
}
