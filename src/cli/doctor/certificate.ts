import { connect } from "node:tls";
import { isIP } from "node:net";
import type { Destination } from "./connection.ts";
import { failed, ok, warning, type Finding } from "./finding.ts";

/** What a server showed of itself. */
export interface CertificateFacts {
  /** The subject's alternative names, such as `DNS:a.example, IP Address:10.0.0.5`; "" where it has none. */
  readonly names: string;
  /** Whether one of them is what the client calls the server. */
  readonly fits: boolean;
  /** Why it does not chain to a trusted one, such as `SELF_SIGNED_CERT_IN_CHAIN`; undefined where it does. */
  readonly chainError: string | undefined;
  readonly validFrom: Date;
  readonly validTo: Date;
}

export interface TlsTarget extends Destination {
  /** What the client calls the server: a name or an address. */
  readonly calledBy: string;
  /** PEM certificates to trust; undefined: those that come with Node. */
  readonly ca: string | undefined;
}

/**
 * Shakes hands and hangs up.
 * @returns the certificate, or why there was none
 */
export function readCertificate(
  { address, port, calledBy, ca }: TlsTarget,
  timeoutMs: number,
): Promise<CertificateFacts | { readonly error: string }> {
  return new Promise((resolve) => {
    const socket = connect({
      host: address,
      port,
      // Everything is to be seen, also what does not fit; nothing is sent.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(isIP(calledBy) === 0 && { servername: calledBy }),
      ...(ca !== undefined && { ca }),
    });
    const settle = (result: CertificateFacts | { readonly error: string }): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => settle({ error: "ETIMEDOUT" }), timeoutMs);
    socket.once("secureConnect", () => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) return settle({ error: "the server showed no certificate" });
      const matched =
        isIP(calledBy) === 0
          ? certificate.checkHost(calledBy, { subject: "never" })
          : certificate.checkIP(calledBy);
      settle({
        names: certificate.subjectAltName ?? "",
        fits: matched !== undefined,
        chainError: socket.authorized ? undefined : String(socket.authorizationError),
        validFrom: certificate.validFromDate,
        validTo: certificate.validToDate,
      });
    });
    socket.on("error", (error: NodeJS.ErrnoException) => settle({ error: error.code ?? error.message }));
    socket.once("end", () => settle({ error: "closed" }));
  });
}

const check = "TLS";
const dayMs = 86_400_000;
const warnBeforeDays = 14;
const namesShown = 200;

/** Judges a certificate. @param hasCa whether certificates to trust were given */
export function judgeCertificate(
  facts: CertificateFacts,
  calledBy: string,
  hasCa: boolean,
  now: Date,
): Finding {
  const { names, fits, chainError, validFrom, validTo } = facts;
  if (now > validTo) {
    return failed(
      check,
      `The certificate has expired on ${dateOf(validTo)}.`,
      "Ask the cluster's owner for a new certificate on its nodes.",
    );
  }
  if (now < validFrom) {
    return failed(
      check,
      `The certificate is valid only from ${dateOf(validFrom)}.`,
      "Check the clock of this machine, and that of the one that made the certificate.",
    );
  }
  if (chainError !== undefined) {
    return failed(
      check,
      `The certificate chains to none that ${hasCa ? "the given file holds" : "is trusted here"} (${chainError}).`,
      hasCa
        ? "Ask the cluster's owner which CA signed the nodes' certificates, and give that with --ca FILE."
        : "Ask the cluster's owner for the CA's certificate, give it with --ca FILE, and to your clients too.",
    );
  }
  if (!fits) {
    const shown = names === "" ? "no name at all" : names.slice(0, namesShown);
    return failed(
      check,
      `The certificate is not for ${calledBy}: it names ${shown}.`,
      `Ask the cluster's owner to add ${calledBy} to the certificate, or have the clients check it for a name that it has.`,
    );
  }
  const days = Math.floor((validTo.getTime() - now.getTime()) / dayMs);
  if (days < warnBeforeDays) {
    return warning(
      check,
      `The certificate fits ${calledBy}, and expires on ${dateOf(validTo)}.`,
      "Ask the cluster's owner to renew it in time.",
    );
  }
  return ok(check, `The certificate fits ${calledBy}, is trusted, and valid until ${dateOf(validTo)}.`);
}

/** Judges a port that speaks plain HTTP. @param wanted what the client is set to, where it is known */
export function judgePlain(wanted: "http" | "https" | undefined, hasCa: boolean): Finding {
  if (wanted === "https" || hasCa) {
    return failed(
      check,
      "The port speaks plain HTTP, not TLS.",
      "Set the clients to http:// here, or ask the cluster's owner to turn TLS on at its nodes.",
    );
  }
  return ok(check, "The port speaks plain HTTP: clients use http://, and nothing is encrypted.");
}

/** Judges a port that speaks TLS for clients that are set to plain HTTP. */
export function judgeUnwantedTls(): Finding {
  return failed(check, "The port speaks TLS, not plain HTTP.", "Set the clients to https:// here.");
}

function dateOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
