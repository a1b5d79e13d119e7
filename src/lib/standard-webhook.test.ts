import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { newWebhookSecret, webhookHeaders } from "./standard-webhook.ts";

test("a secret is 24 random bytes in the published form", () => {
  const [first, second] = [newWebhookSecret(), newWebhookSecret()];
  expect(first).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);
  expect(first).not.toBe(second);
});

// The example of the specification (section "Signature scheme", symmetric).
test("the specification's own example is signed as it says", () => {
  const headers = webhookHeaders(
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    1_614_265_330_999,
    '{"test": 2432232314}',
  );
  expect(headers).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

test("id, time and body are all signed", () => {
  const secret = newWebhookSecret();
  const { "webhook-signature": signature } = webhookHeaders(secret, "id", 5_000, "{}");
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  expect(signature).toBe(`v1,${createHmac("sha256", key).update("id.5.{}").digest("base64")}`);
});
