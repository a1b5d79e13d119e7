import { createHmac, hash, hkdfSync, timingSafeEqual } from "node:crypto";
import type { CredentialScope, SignatureHeader } from "./authorization.ts";
import {
  canonicalRequest,
  isContentHashTrue,
  isPathAmbiguous,
  type SignableRequest,
} from "./canonical-request.ts";

/** What is wrong with a signature; the words are the cloud's own (contract section 4.5). */
export type SignatureFault = "mismatch" | "expired" | "no date";

/** Clients' clocks may be wrong by this much, either way (contract section 4.3). */
export const skewLimitMs = 15 * 60_000;

const derivedKeyBytes = 32;

/**
 * Checks a signature over the client's own choice of headers and the body as it came.
 * @param sdkDate value of X-Sdk-Date, or undefined
 * @param nowMs the server's time
 * @returns undefined where the signature holds
 */
export function verifySignature(
  request: SignableRequest,
  header: SignatureHeader,
  secretKey: string,
  sdkDate: string | undefined,
  nowMs: number,
): SignatureFault | undefined {
  const signedAtMs = sdkDate === undefined ? undefined : parseSdkDate(sdkDate);
  // Unsigned, the date could be replaced and an old request sent again for ever.
  if (sdkDate === undefined || signedAtMs === undefined || !header.signedHeaders.includes("x-sdk-date"))
    return "no date";
  if (Math.abs(nowMs - signedAtMs) > skewLimitMs) return "expired";
  if (!isContentHashTrue(request)) return "mismatch";
  const key = header.scope ? deriveKey(secretKey, header.accessKey, header.scope) : secretKey;
  const matches = (encoding: "decoded" | "as it is"): boolean =>
    equal(
      sign(
        key,
        stringToSign(header.scope, sdkDate, canonicalRequest(request, header.signedHeaders, encoding)),
      ),
      header.signature,
    );
  if (matches("decoded") || (isPathAmbiguous(request.target) && matches("as it is"))) return undefined;
  return "mismatch";
}

/** Reads `YYYYMMDDTHHMMSSZ`; undefined for anything else. */
export function parseSdkDate(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}

function stringToSign(scope: CredentialScope | null, sdkDate: string, canonical: string): string {
  const digest = hash("sha256", canonical);
  return scope
    ? `V11-HMAC-SHA256\n${sdkDate}\n${infoOf(scope)}\n${digest}`
    : `SDK-HMAC-SHA256\n${sdkDate}\n${digest}`;
}

function sign(key: string, text: string): string {
  return createHmac("sha256", key).update(text).digest("hex");
}

/** The derived key is used as hex text (contract section 4.3). */
function deriveKey(secretKey: string, accessKey: string, scope: CredentialScope): string {
  return Buffer.from(hkdfSync("sha256", secretKey, accessKey, infoOf(scope), derivedKeyBytes)).toString(
    "hex",
  );
}

function infoOf({ date, region, service }: CredentialScope): string {
  return `${date}/${region}/${service}`;
}

function equal(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
