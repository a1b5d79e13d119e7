import { isIP } from "node:net";
import { basicAuthorization } from "../../lib/basic-authorization.ts";
import type { ProbeTarget } from "../../lib/http-probe.ts";
import { ask } from "./ask.ts";
import { judgeCertificate, judgePlain, judgeUnwantedTls, readCertificate } from "./certificate.ts";
import { judgeCluster, judgeHealth, type Credentials } from "./cluster.ts";
import { tryConnection, type Destination } from "./connection.ts";
import { failed, skipped, type Finding } from "./finding.ts";
import { foreignAddresses, judgeSniffing, publishedAddresses } from "./sniffing.ts";

/** What the person who asks has given for it. */
export interface ClusterSettings {
  /** What his clients are set to, where he said so. */
  readonly scheme: "http" | "https" | undefined;
  /** PEM. */
  readonly ca: string | undefined;
  readonly user: { readonly name: string; readonly password: string } | undefined;
  readonly timeoutMs: number;
}

/** How the cluster is asked, once it is known what its port speaks. */
interface Speech {
  readonly finding: Finding;
  /** undefined: neither TLS nor HTTP. */
  readonly target: Omit<ProbeTarget, "path"> | undefined;
  readonly credentials: Credentials;
}

const nodesPath = "/_nodes/http?filter_path=nodes.*.http.publish_address";
/** Node addresses that are tried from here; nothing is sent to them. */
const triedNodes = 5;

/**
 * Looks at what answers behind an open port: TLS, cluster, health, sniffing.
 * @param calledBy the name or address that clients use
 * @param own every address and port of the endpoint
 */
export async function examineCluster(
  open: Destination | undefined,
  calledBy: string,
  own: readonly Destination[],
  settings: ClusterSettings,
): Promise<readonly Finding[]> {
  if (open === undefined) {
    return ["TLS", "cluster", "health", "sniffing"].map((check) => skipped(check, "No connection opens."));
  }
  const speech = await hearSpeech(open, calledBy, settings);
  const { finding, credentials, target } = speech;
  if (target === undefined) {
    return [finding, ...["cluster", "health", "sniffing"].map((check) => skipped(check, "See TLS."))];
  }
  const { timeoutMs } = settings;
  const [cluster, health, nodes] = await Promise.all(
    ["/", "/_cluster/health", nodesPath].map((path) => ask({ ...target, path }, timeoutMs)),
  );
  if (cluster === undefined || health === undefined || nodes === undefined) return [finding];
  const foreign = foreignAddresses(publishedAddresses(nodes), own).slice(0, triedNodes);
  const tried = await Promise.all(foreign.map((node) => tryConnection(node, timeoutMs)));
  return [
    finding,
    judgeCluster(cluster, credentials),
    judgeHealth(health, credentials),
    judgeSniffing(nodes, credentials, own, tried),
  ];
}

async function hearSpeech(open: Destination, calledBy: string, settings: ClusterSettings): Promise<Speech> {
  const { ca, user, scheme, timeoutMs } = settings;
  const name = isIP(calledBy) === 0 ? { name: calledBy } : {};
  const place = { host: open.address, port: open.port, ...name };
  const certificate = await readCertificate({ ...open, calledBy, ca }, timeoutMs);
  if (!("error" in certificate)) {
    const fit = judgeCertificate(certificate, calledBy, ca !== undefined, new Date());
    const finding = scheme === "http" ? judgeUnwantedTls() : fit;
    const isTrusted = fit.verdict !== "failed";
    const credentials = credentialsOf(user, isTrusted);
    const target = {
      ...place,
      scheme: "https",
      insecureSkipVerify: !isTrusted,
      ...(ca !== undefined && { ca }),
      ...authorizationOf(user, credentials),
    } as const;
    return { finding, target, credentials };
  }
  // Whoever sits on the way can speak plain HTTP: a password is sent over it only to those who asked for that.
  const credentials = credentialsOf(user, scheme === "http");
  const plain = { ...place, scheme: "http", insecureSkipVerify: false } as const;
  const first = await ask({ ...plain, path: "/" }, timeoutMs);
  if ("error" in first)
    return { finding: neither(certificate.error, first.error), target: undefined, credentials };
  const target = { ...plain, ...authorizationOf(user, credentials) };
  return { finding: judgePlain(scheme, ca !== undefined), target, credentials };
}

function neither(tlsError: string, httpError: string): Finding {
  return failed(
    "TLS",
    `The port takes connections and answers neither TLS (${tlsError}) nor HTTP (${httpError}).`,
    "Ask the cluster's owner whether the nodes serve there, and whether they ask for certificates of clients.",
  );
}

function credentialsOf(user: ClusterSettings["user"], isSafe: boolean): Credentials {
  if (user === undefined) return "none";
  return isSafe ? "sent" : "withheld";
}

function authorizationOf(
  user: ClusterSettings["user"],
  credentials: Credentials,
): { readonly authorization?: string } {
  return user !== undefined && credentials === "sent"
    ? { authorization: basicAuthorization(user.name, user.password) }
    : {};
}
