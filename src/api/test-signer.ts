import { createHmac, hash } from "node:crypto";
import type { InjectOptions } from "fastify";
import { canonicalRequest } from "./signature/canonical-request.ts";

export interface SigningKey {
  readonly id: string;
  readonly secret: string;
}

/** What of a signed request a test may want otherwise. */
export interface SignWish {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Signs a request as the official clients do. @param now the moment that it claims to be signed at */
export function signed(key: SigningKey, url: string, now: number, wish: SignWish = {}): InjectOptions {
  const { method = "GET", body, headers = {} } = wish;
  const sdkDate = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const all = {
    "x-sdk-date": sdkDate,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...headers,
  };
  const canonical = canonicalRequest(
    { method, target: url, rawHeaders: Object.entries(all).flat(), body: Buffer.from(body ?? "") },
    ["x-sdk-date"],
    "decoded",
  );
  const text = `SDK-HMAC-SHA256\n${sdkDate}\n${hash("sha256", canonical)}`;
  const signature = createHmac("sha256", key.secret).update(text).digest("hex");
  const authorization = `SDK-HMAC-SHA256 Access=${key.id}, SignedHeaders=x-sdk-date, Signature=${signature}`;
  return {
    method,
    url,
    headers: { ...all, authorization },
    ...(body === undefined ? {} : { payload: body }),
  };
}
