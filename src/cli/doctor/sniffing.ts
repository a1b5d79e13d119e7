import { isIP } from "node:net";
import { isJsonObject } from "../json.ts";
import { judgeAnswer, type Credentials, type HttpAnswer } from "./cluster.ts";
import { destinationText, type ConnectionAnswer, type Destination } from "./connection.ts";
import { ok, skipped, warning, type Finding } from "./finding.ts";

const check = "sniffing";
const shownLimit = 3;

const sniffingOff =
  "Turn sniffing off in the clients: sniffOnStart: false (JavaScript), sniff_on_start=False (Python), SetSniff(false) (Go).";

/**
 * Returns where the nodes say that clients reach them, each once; what is no address is left out.
 * @param answer of `GET /_nodes/http`
 */
export function publishedAddresses(answer: HttpAnswer): readonly Destination[] {
  const body = "body" in answer && isJsonObject(answer.body) ? answer.body : {};
  const nodes = isJsonObject(body["nodes"]) ? Object.values(body["nodes"]) : [];
  const found = new Map<string, Destination>();
  for (const node of nodes) {
    const http = isJsonObject(node) ? node["http"] : undefined;
    const text = isJsonObject(http) ? http["publish_address"] : undefined;
    const destination = typeof text === "string" ? parsePublished(text) : undefined;
    if (destination !== undefined) found.set(destinationText(destination), destination);
  }
  return [...found.values()];
}

/** Reads `10.0.0.5:9200`, `[fd00::5]:9200`, and either behind a name and a slash. */
function parsePublished(text: string): Destination | undefined {
  const [, address6, address4, port] = /(?:^|\/)(?:\[([^\]]+)\]|([\d.]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = address6 ?? address4 ?? "";
  return isIP(address) === 0 || Number(port) > 65_535 ? undefined : { address, port: Number(port) };
}

/**
 * Judges what a client that sniffs would do.
 * @param own the endpoint's own addresses and ports
 * @param tried those of the nodes' addresses that were tried from here
 */
export function judgeSniffing(
  answer: HttpAnswer,
  credentials: Credentials,
  own: readonly Destination[],
  tried: readonly ConnectionAnswer[],
): Finding {
  const problem = judgeAnswer(check, answer, credentials);
  if (problem !== undefined) return problem;
  const published = publishedAddresses(answer);
  if (published.length === 0) return skipped(check, "The nodes tell no address.");
  const foreign = foreignAddresses(published, own);
  if (foreign.length === 0) return ok(check, "A client that sniffs learns no address but the endpoint's.");
  const shown = foreign.slice(0, shownLimit).map(destinationText).join(", ");
  const learns = `A client that sniffs learns ${foreign.length === 1 ? "a node address" : `${foreign.length} node addresses`} (${shown}${foreign.length > shownLimit ? ", …" : ""})`;
  const isReachable = tried.some(({ outcome }) => outcome === "open");
  return warning(
    check,
    isReachable
      ? `${learns}, reaches them from here, and so goes past the endpoint with its caps and refusals.`
      : `${learns}, and cannot reach them from here: it would stop working.`,
    sniffingOff,
  );
}

/** Returns the addresses that are not the endpoint's own. */
export function foreignAddresses(
  published: readonly Destination[],
  own: readonly Destination[],
): readonly Destination[] {
  const texts = new Set(own.map(destinationText));
  return published.filter((destination) => !texts.has(destinationText(destination)));
}
