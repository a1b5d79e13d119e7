import { parseIpv6 } from "../lib/ipv6.ts";
import { isKernelAttachment } from "./attachment.ts";
import type { ExplainChange, ExplainFacts, ExplainQuestion, Judgement, PathReason, Rule } from "./explain.ts";
import { portsOf } from "./service-ports.ts";
import { listsAddress } from "./source-whitelist.ts";

/** Whether there is anything at the other end that could refuse. */
export const pathRules: readonly Rule[] = [
  { name: "network", judge: judgeNetwork },
  { name: "gateway", judge: judgeGateway },
  { name: "address", judge: judgeAddress },
  { name: "origin", judge: judgeOrigin },
  { name: "port", judge: judgePort },
];

function passed(lookedAt: string): Judgement {
  return { outcome: "passed", lookedAt };
}

function unreachable(reason: PathReason, lookedAt: string, change?: ExplainChange): Judgement {
  return { outcome: "unreachable", reason, lookedAt, ...(change && { change }) };
}

/** How the network is called: its name and addresses are the consumer's business. */
function nameOf({ vpc }: ExplainFacts, { viewer }: ExplainQuestion): string {
  if (viewer === "owner") return "the endpoint's network";
  const cidrs = vpc.cidr6 === null ? vpc.cidr : `${vpc.cidr}, ${vpc.cidr6}`;
  return `network ${vpc.name} (${cidrs})`;
}

function judgeNetwork(facts: ExplainFacts, question: ExplainQuestion): Judgement {
  const { vpc } = facts;
  const name = nameOf(facts, question);
  if (vpc.attachment.kind !== "none") return passed(`A gateway is attached to ${name}.`);
  return unreachable("not_attached", `No gateway is attached to ${name}.`, {
    by: "operator",
    what: "Attach the network to a gateway.",
    command: `postern vpc attach ${vpc.id} --attachment interface --device DEVICE`,
  });
}

function judgeGateway({ gateways }: ExplainFacts): Judgement {
  const change = { by: "operator", what: "Start the gateway.", command: "postern gateway" } as const;
  if (gateways.length === 0) return unreachable("no_gateway", "No gateway is registered.", change);
  if (gateways.some(({ connected }) => connected)) return passed("A gateway is connected to the server.");
  const lookedAt =
    "No gateway is connected to the server. It goes on as it was told last, which may be something else than what follows.";
  return { outcome: "unknown", reason: "gateway_away", lookedAt, change };
}

function judgeAddress({ endpoint, gateways }: ExplainFacts, { source }: ExplainQuestion): Judgement {
  const { address, address6, phase, createdRevision, failureMessage } = endpoint;
  const connected = gateways.filter((gateway) => gateway.connected);
  const isTold = connected.some(({ appliedRevision }) => (appliedRevision ?? -1) >= createdRevision);
  if (phase === "failed") {
    return unreachable("address_failed", `The address could not be brought up: ${failureMessage ?? ""}`, {
      by: "operator",
      what: "See what the gateway's host lacks. The gateway tries again by itself.",
      command: "postern gateway --check",
    });
  }
  if (phase === "creating" || (connected.length > 0 && !isTold)) {
    return unreachable("address_coming", "The gateway is still bringing the address up.", {
      by: "consumer",
      what: "Wait some seconds, and ask again.",
    });
  }
  if (source !== undefined && address6 === null && parseIpv6(source) !== undefined) {
    return unreachable("no_such_family", "The endpoint has an IPv4 address only, and the source is IPv6.", {
      by: "consumer",
      what: `Connect to ${address} by IPv4, or make an endpoint with both: postern endpoint create SERVICE --dual-stack`,
    });
  }
  return passed(`The address ${[address, ...(address6 === null ? [] : [address6])].join(" and ")} is up.`);
}

/** The kernel drops what comes from another network than the one it stands for, without an answer. */
function judgeOrigin(facts: ExplainFacts, question: ExplainQuestion): Judgement {
  const { vpc } = facts;
  const { source } = question;
  if (!isKernelAttachment(vpc.attachment))
    return passed("In loopback networks every origin is taken as it is.");
  const cidrs = vpc.cidr6 === null ? [vpc.cidr] : [vpc.cidr, vpc.cidr6];
  const own = nameOf(facts, question);
  if (source === undefined) return passed(`Sources have to be of ${own}; none was named.`);
  if (listsAddress(cidrs, source)) return passed(`${source} is of ${own}.`);
  return unreachable(
    "source_spoofed",
    `${source} is not of ${own}: what comes from elsewhere is dropped without an answer.`,
    {
      by: "consumer",
      what: "Connect from an address of the endpoint's network, or make an endpoint in the network that the source is in.",
    },
  );
}

function judgePort({ service, cluster }: ExplainFacts, { port }: ExplainQuestion): Judgement {
  const ports = portsOf(service, cluster).map(({ clientPort }) => clientPort);
  const first = ports[0] ?? cluster.clientPort;
  if (port === undefined) return passed(`No port was named; the endpoint has ${ports.join(", ")}.`);
  if (ports.includes(port)) return passed(`The endpoint has port ${port}.`);
  return unreachable("port_not_served", `The endpoint has no port ${port}, but ${ports.join(", ")}.`, {
    by: "consumer",
    what: `Connect to port ${first}.`,
  });
}
