import type { ApiClient } from "./api-client.ts";
import { UsageError } from "./cli-error.ts";
import { findSubnet, findVpc } from "./find.ts";

/** Where something is to be. */
export interface PlaceOptions {
  readonly vpc?: string;
  readonly subnet?: string;
}

/** Returns the ids of a VPC and a subnet that were named; the server chooses what was not. @throws UsageError, CliError */
export async function placeOf(api: ApiClient, options: PlaceOptions): Promise<object> {
  if (options.vpc === undefined) {
    if (options.subnet === undefined) return {};
    throw new UsageError(
      "--subnet is given without its VPC.",
      "Add --vpc VPC; see both with: postern vpc list",
    );
  }
  const vpc = await findVpc(api, options.vpc);
  return {
    vpc_id: vpc.id,
    ...(options.subnet !== undefined && { subnet_id: findSubnet(vpc, options.subnet).id }),
  };
}
