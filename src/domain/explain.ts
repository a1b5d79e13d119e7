import type { GatewayView, RecentRate } from "./control.ts";
import { admissionRules } from "./explain-admission.ts";
import { pathRules } from "./explain-path.ts";
import type { AccountId } from "./ids.ts";
import type { RefusalReason } from "./refusal.ts";
import type { EndpointFigures } from "./report.ts";
import type { Cluster, ClusterNode, Endpoint, EndpointService, Timestamp, Vpc } from "./resources.ts";

/** Everything that decides about a connection, as far as the server knows it. */
export interface ExplainFacts {
  readonly endpoint: Endpoint;
  readonly service: EndpointService;
  readonly cluster: Cluster;
  /** The endpoint's network. */
  readonly vpc: Vpc;
  /** Account that the service belongs to. */
  readonly owner: AccountId;
  /** The service's whitelist. */
  readonly permissions: readonly string[];
  readonly gateways: readonly GatewayView[];
  /** Of the endpoint; undefined where no gateway has told any. */
  readonly figures: EndpointFigures | undefined;
  /** What came to it lately; undefined where nothing did. */
  readonly recent: RecentRate | undefined;
  /** Whether a node may get new sessions; one that nobody has checked may. */
  readonly isUsable: (node: ClusterNode) => boolean;
  /** When the gateways were heard of last; null where they were not. */
  readonly asOf: Timestamp | null;
}

/** Whose connection, from where, to which port. */
export interface ExplainQuestion {
  /** A consumer is told no node's address, and nothing of other accounts. */
  readonly viewer: "owner" | "consumer";
  /** As if the endpoint were this account's; the endpoint's own where it is left out. */
  readonly account?: AccountId | undefined;
  /** Address of either family. */
  readonly source?: string | undefined;
  readonly port?: number | undefined;
}

/** Why a connection does not get as far as the rules that refuse and count. */
export type PathReason =
  | "not_attached"
  | "no_gateway"
  | "gateway_away"
  | "address_coming"
  | "address_failed"
  | "no_such_family"
  | "source_spoofed"
  | "port_not_served";

/** `source_not_named`: only some sources may connect, and the question names none. */
export type ExplainReason = RefusalReason | PathReason | "source_not_named";

/** What would turn a decision, and who can do it. */
export interface ExplainChange {
  readonly by: "owner" | "consumer" | "operator";
  /** A sentence. */
  readonly what: string;
  /** A command line, or a request of the API. */
  readonly command?: string;
}

/** `unreachable`: nothing answers as the endpoint, and nothing is counted. `unknown`: it cannot be told from here. */
export type RuleOutcome = "passed" | "refused" | "unreachable" | "unknown";

export interface Judgement {
  readonly outcome: RuleOutcome;
  /** What the rule looked at and found, in a sentence. */
  readonly lookedAt: string;
  /** Of every outcome but `passed`. */
  readonly reason?: ExplainReason;
  readonly change?: ExplainChange;
}

/** One rule, in the order in which gateways ask. */
export interface Rule {
  readonly name: string;
  readonly judge: (facts: ExplainFacts, question: ExplainQuestion) => Judgement;
}

export interface Explanation {
  readonly verdict: "admitted" | Exclude<RuleOutcome, "passed">;
  /** null where it is admitted. */
  readonly reason: ExplainReason | null;
  /** Up to the deciding one. */
  readonly rules: readonly (Judgement & { readonly name: string })[];
}

/** What a packet meets from the consumer's network to the node, as both engines ask it. */
const chain: readonly Rule[] = [...pathRules, ...admissionRules];

/**
 * Tells what a gateway does with a new connection now. Pure, and without any effect.
 *
 * The first rule that refuses decides. Where a rule cannot tell, the next ones are asked all the same: what they refuse
 * is refused whatever the one before would have said, unless no gateway is there to say what is in force.
 */
export function explain(facts: ExplainFacts, question: ExplainQuestion): Explanation {
  const rules: (Judgement & { readonly name: string })[] = [];
  for (const { name, judge } of chain) {
    const judgement = judge(facts, question);
    rules.push({ name, ...judgement });
    if (judgement.outcome === "refused" || judgement.outcome === "unreachable") break;
  }
  const isAway = rules.find(({ reason }) => reason === "gateway_away");
  const last = rules.at(-1);
  const decided = last?.outcome === "refused" || last?.outcome === "unreachable" ? last : undefined;
  const decisive = isAway ?? decided ?? rules.find(({ outcome }) => outcome === "unknown");
  if (!decisive || decisive.outcome === "passed") return { verdict: "admitted", reason: null, rules };
  return { verdict: decisive.outcome, reason: decisive.reason ?? null, rules };
}
