import type { IncomingHttpHeaders } from "node:http";

const cookieName = "postern_session";
/**
 * A page of another site can make a browser send cookies, but not this header: for that it would have to be allowed to,
 * and nobody is (Fetch standard, CORS preflight).
 */
const proofHeader = "x-postern-console";

/** Returns the token that a browser keeps for the console; undefined where it was not the console that sent it. */
export function cookieToken(headers: IncomingHttpHeaders): string | undefined {
  if (headers[proofHeader] !== "1") return undefined;
  for (const part of headers.cookie?.split(";") ?? []) {
    const [name, value] = part.trim().split("=", 2);
    if (name === cookieName && value) return value;
  }
  return undefined;
}

/**
 * Returns the value of Set-Cookie that keeps a token: out of reach for scripts and for other sites.
 * @param maxAgeS seconds from 0, which forgets it
 * @param headers of the request: behind something that speaks TLS, the cookie goes over TLS only
 */
export function sessionCookie(token: string, maxAgeS: number, headers: IncomingHttpHeaders): string {
  const isTls = headers["x-forwarded-proto"] === "https";
  const attributes = `Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${isTls ? "; Secure" : ""}`;
  return `${cookieName}=${token}; ${attributes}`;
}
