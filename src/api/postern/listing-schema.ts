import type { Static } from "typebox";
import { listingLimit, type Listing, type ListedConnection } from "../../domain/import/listing.ts";
import { whitelistLimit } from "../../domain/whitelist.ts";
import { Type } from "../type-builder.ts";

const id = Type.String({ minLength: 1, maxLength: 64 });
const word = Type.String({ minLength: 1, maxLength: 64 });
const optional = Type.Optional(Type.Union([Type.String({ maxLength: 256 }), Type.Null()]));

const connection = Type.Object({
  id,
  status: word,
  maxSession: word,
  specificationName: word,
  created_at: word,
  update_at: optional,
  domain_id: word,
  vpcepIp: optional,
  vpcepIpv6Address: optional,
  vpcepDnsName: optional,
});

const permission = Type.Object({
  id,
  permission: Type.String({ minLength: 1, maxLength: 1024 }),
  permission_type: word,
  created_at: word,
});

/** Contract section 1.3, with bounds: whoever saved it, it comes from outside. */
export const listingSchema = Type.Object({
  connections: Type.Array(connection, { maxItems: listingLimit }),
  vpcServiceName: Type.String({ minLength: 1, maxLength: 256 }),
  permissions: Type.Array(permission, { maxItems: whitelistLimit }),
  vpcepUpdateSwitch: Type.Boolean(),
  total_count: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
});

/** Returns the listing in the domain's words. */
export function readListing(body: Static<typeof listingSchema>): Listing {
  return {
    serviceName: body.vpcServiceName,
    updateSwitch: body.vpcepUpdateSwitch,
    totalCount: body.total_count,
    connections: body.connections.map(readConnection),
    permissions: body.permissions.map((entry) => ({
      id: entry.id,
      permission: entry.permission,
      permissionType: entry.permission_type,
      createdAt: entry.created_at,
      otherFields: otherFields(entry, permission.properties),
    })),
    otherFields: otherFields(body, listingSchema.properties),
  };
}

function readConnection(entry: Static<typeof connection>): ListedConnection {
  return {
    id: entry.id,
    status: entry.status,
    maxSession: entry.maxSession,
    specificationName: entry.specificationName,
    createdAt: entry.created_at,
    updatedAt: entry.update_at ?? null,
    accountId: entry.domain_id,
    address: entry.vpcepIp ?? null,
    ipv6Address: entry.vpcepIpv6Address ?? null,
    dnsName: entry.vpcepDnsName ?? null,
    otherFields: otherFields(entry, connection.properties),
    hasNull: Object.values(entry).includes(null),
  };
}

/** Most names that are told, and the longest that is told whole. */
const namesShown = 5;
const nameLength = 64;

/** Returns the names of fields that the schema does not have; those that are null say nothing. */
function otherFields(entry: object, known: object): readonly string[] {
  return Object.entries(entry)
    .filter(([name, value]) => value !== null && !Object.hasOwn(known, name))
    .slice(0, namesShown)
    .map(([name]) => name.slice(0, nameLength));
}
