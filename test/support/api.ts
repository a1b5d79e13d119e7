/** Who calls the API, and where: what the first start writes and what a new account is given both hold it. */
export type Credentials = { readonly endpoint: string; readonly project_id: string; readonly token: string };

export type ApiAnswer<Body> = { readonly status: number; readonly headers: Headers; readonly body: Body };

/** `callApi` for one caller. */
export type Api = <Body = Record<string, unknown>>(
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<ApiAnswer<Body>>;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * One request with the caller's token. `{pid}` in the path stands for the caller's project. A body that is a string
 * is sent as it is, anything else as JSON. The answer's body is parsed where it is JSON, else it is the text.
 * @throws Error when there is no whole answer within 30 s.
 */
export async function callApi<Body>(
  caller: Credentials,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<ApiAnswer<Body>> {
  const hasBody = body !== undefined;
  const answer = await fetch(new URL(path.replaceAll("{pid}", caller.project_id), caller.endpoint), {
    method,
    headers: {
      "X-Auth-Token": caller.token,
      // A kept connection to a server that was killed meanwhile would fail the next call for no reason of its own.
      Connection: "close",
      ...(hasBody ? { "Content-Type": "application/json" } : {}),
      ...headers,
    },
    ...(hasBody ? { body: typeof body === "string" ? body : JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await answer.text();
  // The type argument is the caller's word for what the documented answer looks like.
  const parsed: Body = JSON.parse(isJson(text) ? text : JSON.stringify(text));
  return { status: answer.status, headers: answer.headers, body: parsed };
}
