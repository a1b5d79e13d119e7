import type { Ipv4 } from "../lib/ipv4.ts";
import type { EndpointId, ServiceId, SubnetId, VpcId } from "./ids.ts";

/** What there is, of every project, for the operator's metrics. */
export interface EndpointPlace {
  readonly id: EndpointId;
  readonly serviceId: ServiceId;
  readonly vpcId: VpcId;
  readonly subnetId: SubnetId;
  readonly maxSession: number;
}

export interface SubnetPlace {
  readonly id: SubnetId;
  readonly vpcId: VpcId;
  readonly cidr: string;
  /** Where the network's names are served, in whichever of its subnets. */
  readonly dnsAddress: Ipv4 | null;
}

/** Lists by id, a page at a time: no read holds up the others for long. */
export interface InventoryRepository {
  /** @param after the last id of the page before, or null */
  endpoints(after: EndpointId | null, limit: number): Promise<readonly EndpointPlace[]>;
  /** @param after the last id of the page before, or null */
  subnets(after: SubnetId | null, limit: number): Promise<readonly SubnetPlace[]>;
}
