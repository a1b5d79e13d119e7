import type { ServiceDomainId, ServiceId } from "./ids.ts";
import type { Timestamp } from "./resources.ts";

/** A name of the owner's own that leads consumers to his service, once it is proven to be his. */
export interface ServiceDomain {
  readonly id: ServiceDomainId;
  readonly serviceId: ServiceId;
  /** In lower case, without a dot at its end. */
  readonly name: string;
  /** What the TXT record has to say; public. */
  readonly token: string;
  /** `failed`: the last look-up did not find the proof. Names lead somewhere only while they are `verified`. */
  readonly status: "pending" | "verified" | "failed";
  /** What the last look-up lacked, for people; null where it lacked nothing, and before the first. */
  readonly problem: string | null;
  readonly createdAt: Timestamp;
  readonly checkedAt: Timestamp | null;
}

/** What a look-up of the proof brought. */
export type ProofAnswer =
  | { readonly kind: "texts"; readonly texts: readonly string[] }
  | { readonly kind: "no_answer"; readonly problem: string };

export const mostDomains = 20;
const proofLabel = "_postern";
/** With the proof's label in front, or with that of the mailbox that a zone names, it is still a name. */
const longestName = 253 - "hostmaster.".length;

/** Whether it is a whole host name in lower case that an owner may attach. */
export function isDomainName(text: string): boolean {
  const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
  const labels = text.split(".");
  return (
    text.length <= longestName &&
    labels.length >= 2 &&
    labels.every((part) => label.test(part)) &&
    !/^\d+$/.test(labels.at(-1) ?? "")
  );
}

/** Whether a name is one of those that the gateways serve anyway. */
export function isInZone(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** The TXT record that proves a name: who may write it holds the name. */
export function proofOf({ name, token }: Pick<ServiceDomain, "name" | "token">): {
  readonly name: string;
  readonly value: string;
} {
  return { name: `${proofLabel}.${name}`, value: `postern-verification=${token}` };
}

/** Returns the domain after a look-up. One that is verified stays so while nobody answers. Pure. */
export function judgeProof(domain: ServiceDomain, answer: ProofAnswer, now: Timestamp): ServiceDomain {
  const { name, value } = proofOf(domain);
  const checked = { ...domain, checkedAt: now };
  if (answer.kind === "no_answer") {
    const status = domain.status === "verified" ? "verified" : "failed";
    return { ...checked, status, problem: `${name} could not be looked up: ${answer.problem}` };
  }
  if (answer.texts.includes(value)) return { ...checked, status: "verified", problem: null };
  const problem =
    answer.texts.length === 0
      ? `There is no TXT record ${name}. Make it say "${value}", and verify again.`
      : `The TXT record ${name} does not say "${value}". Correct it, and verify again.`;
  return { ...checked, status: "failed", problem };
}
