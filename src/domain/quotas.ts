import { PosternError } from "./errors.ts";

/** What a project may have of each; the published defaults of 20 and 50 are too few for an installation of one's own. */
export const quotas = { clusters: 1_000, services: 1_000, endpoints: 10_000 } as const;

/** @param used how many there are already @throws PosternError endpoint_quota_exceeded */
export function checkQuota(kind: keyof typeof quotas, used: number): void {
  if (used < quotas[kind]) return;
  throw new PosternError(
    "endpoint_quota_exceeded",
    `The project has ${used} ${kind}, and its quota is ${quotas[kind]}. Delete some first.`,
  );
}
