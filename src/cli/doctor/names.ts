import { isIPv6 } from "node:net";
import { failed, ok, skipped, warning, type Finding } from "./finding.ts";
import type { KnownEndpoint } from "./known-endpoint.ts";
import { standingRefusal } from "./refusal.ts";

/** What a resolver said for one family: no addresses and no error where there is no such name. */
export interface NameAnswer {
  readonly addresses: readonly string[];
  /** Why there is no answer, such as `EAI_AGAIN`; undefined where there is one. */
  readonly error?: string;
}

/** What a network's own name server said. */
export interface NameServerAnswer extends NameAnswer {
  /** Where it was asked. */
  readonly port: number;
}

/** What was found out of one name. */
export interface NameFacts {
  readonly name: string;
  /** By this machine's resolver. */
  readonly ipv4: NameAnswer;
  readonly ipv6: NameAnswer;
  /** IPv4 by the name server of the endpoint's network; undefined where it was not asked. */
  readonly atNameServer?: NameServerAnswer;
}

/** Judges one name in both families. @param known how it should be; undefined: not known */
export function judgeName(facts: NameFacts, known: KnownEndpoint | undefined): readonly Finding[] {
  const hasNone = facts.ipv4.addresses.length === 0 && facts.ipv6.addresses.length === 0;
  if (hasNone)
    return [judgeAbsence(facts, known), skipped("IPv6 name", "Nothing resolves: see the IPv4 name.")];
  return [judgeFamily("IPv4", facts, known), judgeFamily("IPv6", facts, known)];
}

function judgeFamily(family: "IPv4" | "IPv6", facts: NameFacts, known: KnownEndpoint | undefined): Finding {
  const check = `${family} name`;
  const answer = family === "IPv4" ? facts.ipv4 : facts.ipv6;
  const expected = known?.addresses.filter((address) => isIPv6(address) === (family === "IPv6"));
  const [wanted] = expected ?? [];
  const found = answer.addresses.join(", ");
  if (answer.error !== undefined) {
    return failed(check, `The resolver gave no answer for ${facts.name} (${answer.error}).`, resolverFix);
  }
  if (found === "" && (family === "IPv6" || wanted === undefined)) {
    if (wanted === undefined)
      return ok(check, `${facts.name} has no ${family} address, and none is expected.`);
    return warning(
      check,
      `${facts.name} has no ${family} address, but the endpoint is at ${wanted}.`,
      forwardFix(facts.name, known),
    );
  }
  if (expected === undefined) return ok(check, `${facts.name} resolves to ${found}.`);
  if (wanted !== undefined && answer.addresses.includes(wanted)) {
    if (answer.addresses.length === 1) return ok(check, `${facts.name} resolves to ${found}.`);
    return warning(
      check,
      `${facts.name} resolves to ${found}; only ${wanted} is the endpoint.`,
      `Take the other addresses of ${facts.name} out of the zone or the hosts file that has them.`,
    );
  }
  const right = wanted ?? `an endpoint without ${family} address`;
  const text = found === "" ? `has no ${family} address` : `resolves to ${found}`;
  return failed(check, `${facts.name} ${text} instead of ${right}.`, forwardFix(facts.name, known));
}

const resolverFix =
  "Check the name servers of this machine (/etc/resolv.conf, resolvectl status), and that they answer.";

/** The name does not exist for this machine's resolver: is it its fault, or is the name not published? */
function judgeAbsence(facts: NameFacts, known: KnownEndpoint | undefined): Finding {
  const { name, atNameServer } = facts;
  const check = "IPv4 name";
  const error = facts.ipv4.error ?? facts.ipv6.error;
  if (known !== undefined && standingRefusal(known) !== undefined) {
    return failed(
      check,
      `${name} does not resolve: names are published while their endpoint carries connections.`,
      "Do first what stands at the endpoint's check.",
    );
  }
  if (atNameServer !== undefined && atNameServer.addresses.length > 0) {
    return failed(
      check,
      `This machine's resolver does not know ${name}, the network's name server does.`,
      forwardFix(name, known, atNameServer.port),
    );
  }
  if (atNameServer?.error === undefined && atNameServer !== undefined) {
    return failed(
      check,
      `Not even the network's name server knows ${name}: the gateway does not publish it.`,
      "Ask the operator whether the gateway is in step (postern status) and a node serves (postern cluster show CLUSTER).",
    );
  }
  if (error !== undefined) {
    return failed(check, `The resolver gave no answer for ${name} (${error}).`, resolverFix);
  }
  return failed(check, `This machine's resolver does not know ${name}.`, forwardFix(name, known));
}

/** The zone is the name without its first label. */
function forwardFix(name: string, known: KnownEndpoint | undefined, port = 53): string {
  const zone = name.slice(name.indexOf(".") + 1);
  const server = known?.nameServer;
  if (server === undefined) {
    return `Have the resolver forward ${zone} to the network's name server (column DNS of postern vpc list), and look for the name in /etc/hosts.`;
  }
  const place = port === 53 ? server : `${server}#${port}`;
  return `Have the resolver forward ${zone}, in dnsmasq with server=/${zone}/${place} (docs/dns.md has others), and look for the name in /etc/hosts.`;
}
