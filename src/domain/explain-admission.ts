import { parseIpv6 } from "../lib/ipv6.ts";
import { isKernelAttachment } from "./attachment.ts";
import { admissionRefusal, type EndpointState } from "./endpoint-state.ts";
import type { ExplainChange, ExplainFacts, ExplainQuestion, Judgement, Rule } from "./explain.ts";
import type { RefusalReason } from "./refusal.ts";
import type { ClusterNode, EndpointService, Timestamp } from "./resources.ts";
import { listsAddress } from "./source-whitelist.ts";
import { isWhitelisted } from "./whitelist.ts";

/** What refuses, and counts it, in the order of both engines. */
export const admissionRules: readonly Rule[] = [
  { name: "service", judge: judgeService },
  { name: "whitelist", judge: judgeWhitelist },
  { name: "approval", judge: judgeApproval },
  { name: "sources", judge: judgeSources },
  { name: "nodes", judge: judgeNodes },
  { name: "connection rate", judge: judgeRate },
  { name: "session cap", judge: judgeCap },
  { name: "address family", judge: judgeFamily },
];

function passed(lookedAt: string): Judgement {
  return { outcome: "passed", lookedAt };
}

function refused(reason: RefusalReason, lookedAt: string, change: ExplainChange): Judgement {
  return { outcome: "refused", reason, lookedAt, change };
}

function judgeService({ service, cluster }: ExplainFacts): Judgement {
  if (service.enabled) return passed(`The service ${service.name} is open.`);
  return refused("service_closed", `The service ${service.name} is closed.`, {
    by: "owner",
    what: "Open the service.",
    command: `postern open ${cluster.name}`,
  });
}

/** How command lines name a service: the one that opening made goes by its cluster. */
function argumentOf({ id, origin }: EndpointService, clusterName: string): string {
  return origin === "css" ? clusterName : `--service ${id}`;
}

function judgeWhitelist(facts: ExplainFacts, question: ExplainQuestion): Judgement {
  const { endpoint, service, cluster } = facts;
  const account = question.account ?? endpoint.accountId;
  const argument = argumentOf(service, cluster.name);
  if (refusalOf(facts, question) === "not_whitelisted") {
    const isListed = isWhitelisted(facts.permissions, facts.owner, account);
    const found = isListed
      ? `Account ${account} was taken off the whitelist, which rejected the endpoint; it is listed again by now.`
      : `Account ${account} is not on the service's whitelist.`;
    const what = isListed
      ? "Accept the endpoint again."
      : "Put the account on the whitelist, and accept the endpoint.";
    const commands = [
      ...(isListed ? [] : [`postern whitelist ${argument} --add ${account}`]),
      acceptCommand(facts),
    ];
    return refused("not_whitelisted", found, { by: "owner", what, command: commands.join(" && ") });
  }
  return passed(
    account === facts.owner
      ? "The endpoint is of the service's own account."
      : `The whitelist does not refuse account ${account}.`,
  );
}

function judgeApproval(facts: ExplainFacts, question: ExplainQuestion): Judgement {
  if (refusalOf(facts, question) === null) return passed("The service's owner accepts the endpoint.");
  const isPending = stateFor(facts, question).approval === "pending";
  const found = isPending
    ? "The service's owner has not decided yet, and decides about each endpoint himself."
    : "The service's owner has rejected the endpoint.";
  const change = { by: "owner", what: "Accept the endpoint.", command: acceptCommand(facts) } as const;
  return refused("not_accepted", found, change);
}

function acceptCommand({ endpoint, service }: ExplainFacts): string {
  return `postern accept ${endpoint.id}${service.origin === "css" ? "" : ` --service ${service.id}`}`;
}

function refusalOf(facts: ExplainFacts, question: ExplainQuestion): RefusalReason | null {
  return admissionRefusal(stateFor(facts, question), facts.service.enabled);
}

/** The endpoint's state, or the one that it would have been made with by another account. */
function stateFor(facts: ExplainFacts, { account }: ExplainQuestion): EndpointState {
  const { endpoint, service, owner, permissions } = facts;
  if (account === undefined || account === endpoint.accountId) return endpoint;
  if (!isWhitelisted(permissions, owner, account))
    return { phase: endpoint.phase, approval: "rejected", rejectedBy: "whitelist" };
  const isPending = service.approvalEnabled && account !== owner;
  return { phase: endpoint.phase, approval: isPending ? "pending" : "accepted", rejectedBy: null };
}

function judgeSources({ endpoint }: ExplainFacts, { source, viewer }: ExplainQuestion): Judgement {
  if (!endpoint.sourceWhitelistEnabled) return passed("Every source may connect.");
  // The list is the consumer's own; its length tells the owner what he has to know.
  const list =
    viewer === "consumer"
      ? `the endpoint's own whitelist (${endpoint.sourceWhitelist.join(", ") || "empty"})`
      : `the consumer's own whitelist of ${endpoint.sourceWhitelist.length} sources`;
  const change = {
    by: "consumer",
    what: `Add ${source ?? "the source"} to the endpoint's own whitelist, or connect from a source that is on it.`,
    command: `PUT /v1/${endpoint.projectId}/vpc-endpoints/${endpoint.id} {"whitelist": [...]}`,
  } as const;
  if (source !== undefined && listsAddress(endpoint.sourceWhitelist, source))
    return passed(`${source} is on ${list}.`);
  if (source !== undefined || endpoint.sourceWhitelist.length === 0)
    return refused(
      "source_not_allowed",
      `${source ?? "No source"} is ${source ? "not " : ""}on ${list}.`,
      change,
    );
  return {
    outcome: "unknown",
    reason: "source_not_named",
    lookedAt: `Only sources on ${list} may connect, and no source was named.`,
    change: { by: "consumer", what: "Ask again with the address that you connect from." },
  };
}

function judgeNodes(facts: ExplainFacts, question: ExplainQuestion): Judgement {
  const usable = facts.cluster.nodes.filter(facts.isUsable);
  if (usable.length === 0) return noNode(facts, question, "None of the nodes can take it");
  if (question.viewer === "consumer") return passed("The cluster has a healthy node.");
  return passed(`${usable.length} of ${facts.cluster.nodes.length} nodes can take it: ${listed(usable)}.`);
}

/**
 * The kernel finds out last that no node has the consumer's family: its host stands in for IPv4 nodes that IPv6 consumers
 * come to, and for nobody the other way about.
 */
function judgeFamily(facts: ExplainFacts, question: ExplainQuestion): Judgement {
  const { cluster, isUsable, vpc } = facts;
  const isOfKernel = isKernelAttachment(vpc.attachment);
  const isIPv4 = parseIpv6(question.source ?? "") === undefined;
  const isMet = cluster.nodes.some((node) => isUsable(node) && parseIpv6(node.host) === undefined);
  if (!isOfKernel || !isIPv4 || isMet) return passed("A node is reached from the consumer's address family.");
  return noNode(facts, question, "None of the healthy nodes has IPv4, which the source comes by");
}

function noNode({ cluster }: ExplainFacts, { viewer }: ExplainQuestion, found: string): Judgement {
  return refused(
    "no_healthy_node",
    viewer === "owner" ? `${found}: ${listed(cluster.nodes)}.` : "No healthy node.",
    {
      by: "owner",
      what: "See what ails each node.",
      command: `postern cluster show ${cluster.name}`,
    },
  );
}

function listed(nodes: readonly ClusterNode[]): string {
  return nodes.map(({ host, port }) => `${host} port ${port}`).join(", ") || "there are none";
}

/**
 * A rate is a store of so many sessions as may come in a second, which fills up again as quickly. Whether it is empty just
 * now nobody can tell from here; what came in the last second tells whether it can be.
 */
function judgeRate({ endpoint, vpc, recent, asOf }: ExplainFacts): Judgement {
  const { maxConnectionRate: limit, maxSession, id } = endpoint;
  const { passed: used = 0, refused: late = 0, withinMs = 0 } = recent ?? {};
  const within = `within ${(Math.max(withinMs, 1_000) / 1_000).toFixed(1)} s${asOfText(asOf)}`;
  if (!isKernelAttachment(vpc.attachment) || (limit === null && late === 0))
    return passed("New sessions a second are not limited.");
  if (limit === null) {
    return depends(
      `The network had more than its share of the kernel's flows: ${late} connections were refused for it ${within}.`,
      {
        by: "operator",
        what: "Close sessions of the network that are not needed, or give networks a larger share.",
        command: "postern gateway --flows-per-network N",
      },
    );
  }
  if (used < limit && late === 0)
    return passed(`${used} of ${limit} new sessions a second are in use${asOfText(asOf)}.`);
  return depends(
    `${limit} new sessions a second may come. ${used} came ${within}, and ${late} were refused for it: the ` +
      "next one is refused where it comes too soon.",
    {
      by: "owner",
      what: "Raise the rate; or the consumer keeps connections open between requests.",
      command: `postern endpoint cap ${id} ${maxSession} --rate ${Math.min(limit * 2, 1_000_000)}`,
    },
  );
}

function depends(lookedAt: string, change: ExplainChange): Judgement {
  return { outcome: "unknown", reason: "connection_rate", lookedAt, change };
}

function judgeCap({ endpoint, figures, asOf }: ExplainFacts): Judgement {
  const { maxSession, id } = endpoint;
  const sessions = figures?.sessions ?? 0;
  const found = `${sessions} of ${maxSession} sessions are in use${asOfText(asOf)}.`;
  if (sessions < maxSession) return passed(found);
  return refused("session_cap", found, {
    by: "owner",
    what: "Close sessions that are not needed, or raise the cap.",
    command: `postern endpoint cap ${id} ${Math.min(maxSession * 2, 1_000_000)}`,
  });
}

function asOfText(asOf: Timestamp | null): string {
  return asOf === null ? "" : ` as of ${new Date(asOf).toISOString()}`;
}
