/** The scope that a derived key is bound to (V11 only). */
export interface CredentialScope {
  /** `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** An `Authorization` header of one of the two signature schemes, taken apart. */
export interface SignatureHeader {
  readonly accessKey: string;
  /** null for SDK-HMAC-SHA256, which signs with the secret key itself. */
  readonly scope: CredentialScope | null;
  /** Lower-case names in the client's order. */
  readonly signedHeaders: readonly string[];
  /** 64 hex digits. */
  readonly signature: string;
}

/** Longest header that is taken apart at all. */
const lengthLimit = 4_096;
const plain = /^SDK-HMAC-SHA256 Access=([^,\s]{1,128}), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})$/;
const derived =
  /^V11-HMAC-SHA256 Credential=([^,\s]{1,512}), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})$/;

/** Returns the parts, or undefined for anything that is neither scheme. */
export function parseAuthorization(header: string): SignatureHeader | undefined {
  if (header.length > lengthLimit) return undefined;
  const match = plain.exec(header) ?? derived.exec(header);
  const [, credential = "", names = "", signature = ""] = match ?? [];
  if (!match) return undefined;
  const signedHeaders = names.toLowerCase().split(";");
  if (header.startsWith("SDK-")) return { accessKey: credential, scope: null, signedHeaders, signature };
  const [accessKey, date, region, service, ...rest] = credential.split("/");
  if (!accessKey || !date || !region || !service || rest.length > 0) return undefined;
  return { accessKey, scope: { date, region, service }, signedHeaders, signature };
}
