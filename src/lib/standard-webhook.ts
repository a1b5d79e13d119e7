import { createHmac, randomBytes } from "node:crypto";

const secretBytes = 24;
const prefix = "whsec_";

/** Returns a new secret in the form of the Standard Webhooks specification. */
export function newWebhookSecret(): string {
  return prefix + randomBytes(secretBytes).toString("base64");
}

/**
 * Returns the headers that let a receiver check who sent a message (Standard Webhooks 1.0, symmetric signatures).
 * @param secret as `newWebhookSecret` returns it
 * @param id of the message: the same at each attempt
 * @param now milliseconds since the Unix epoch
 */
export function webhookHeaders(
  secret: string,
  id: string,
  now: number,
  body: string,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1000));
  const key = Buffer.from(secret.slice(prefix.length), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}
