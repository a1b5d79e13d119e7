import { ok } from "./service.ts";
import type { Caller } from "./service.ts";

/** The VPC that a project has from the beginning, and its subnet. */
export async function networkOf(caller: Caller): Promise<{ vpc_id: string; subnet_id: string }> {
  type Vpcs = { readonly vpcs: readonly { id: string; subnets: readonly { id: string }[] }[] };
  const { vpcs } = ok(await caller.api<Vpcs>("GET", "/postern/v1/{pid}/vpcs"));
  return { vpc_id: vpcs[0]?.id ?? "", subnet_id: vpcs[0]?.subnets[0]?.id ?? "" };
}
