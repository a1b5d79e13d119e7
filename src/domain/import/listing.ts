/** Most of either that one import takes: a listing of that size fits the API's body limit of 1 MiB. */
export const listingLimit = 1_000;

/**
 * An answer to "list the connections" as it was saved elsewhere (contract section 1.3): the forms of its values are
 * known and nothing else about it.
 */
export interface Listing {
  readonly serviceName: string;
  readonly updateSwitch: boolean;
  readonly totalCount: number;
  readonly connections: readonly ListedConnection[];
  readonly permissions: readonly ListedPermission[];
  /** Names of further fields of the listing itself. */
  readonly otherFields: readonly string[];
}

/** Optional fields are null where the listing leaves them out, too. */
export interface ListedConnection {
  readonly id: string;
  readonly status: string;
  readonly maxSession: string;
  readonly specificationName: string;
  readonly createdAt: string;
  readonly updatedAt: string | null;
  readonly accountId: string;
  readonly address: string | null;
  readonly ipv6Address: string | null;
  readonly dnsName: string | null;
  /** Names of fields with a value that the published answer does not have. */
  readonly otherFields: readonly string[];
  /** Whether a field is there with the value null. */
  readonly hasNull: boolean;
}

export interface ListedPermission {
  readonly id: string;
  readonly permission: string;
  readonly permissionType: string;
  readonly createdAt: string;
  readonly otherFields: readonly string[];
}
