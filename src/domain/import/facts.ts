import type { Ipv4, Ipv4Prefix } from "../../lib/ipv4.ts";
import type { Attachment } from "../attachment.ts";
import type { AccountId, EndpointId, PermissionId, ProjectId } from "../ids.ts";
import type { Subnet } from "../resources.ts";

/** What an installation is like, as far as an import has to do with it: read in the import's own transaction. */
export interface ImportFacts {
  readonly clusterName: string;
  readonly region: string;
  /** Zone of the endpoints' private names. */
  readonly zone: string;
  readonly importer: Importer;
  /** The service that the cluster has already. */
  readonly present: { readonly isEnabled: boolean; readonly connections: number } | undefined;
  /** Services of the cluster's project. */
  readonly services: number;
  /** Whether another cluster's service has the listed name or id. */
  readonly isServiceTaken: boolean;
  /** Listed ids that endpoints have already. */
  readonly takenEndpoints: ReadonlySet<EndpointId>;
  /** Listed ids that permissions of other services have already. */
  readonly takenPermissions: ReadonlySet<PermissionId>;
  /** The listed accounts that exist and that the importer may see. */
  readonly consumers: ReadonlyMap<AccountId, readonly ConsumerProject[]>;
}

/** Who imports. Only an operator acts on accounts besides his own. */
export interface Importer {
  readonly accountId: AccountId;
  readonly isOperator: boolean;
}

/** A project in which connections of an account may be. */
export interface ConsumerProject {
  readonly id: ProjectId;
  /** Endpoints that it has already. */
  readonly endpoints: number;
  readonly networkNames: ReadonlySet<string>;
  readonly networks: readonly PresentNetwork[];
}

export interface PresentNetwork {
  readonly projectId: ProjectId;
  readonly subnet: Subnet;
  readonly prefix: Ipv4Prefix;
  readonly attachment: Attachment;
  /** The listed addresses that endpoints have. */
  readonly used: ReadonlySet<Ipv4>;
}
