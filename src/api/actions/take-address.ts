import { PosternError } from "../../domain/errors.ts";
import type { ProjectId } from "../../domain/ids.ts";
import { candidateWindows, pool6Of, poolContains, poolOf, type Pool } from "../../domain/pool.ts";
import { quarantineMs } from "../../domain/quarantine.ts";
import type { Subnet, Timestamp } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { parseIpv4, parseIpv4Prefix, type Ipv4 } from "../../lib/ipv4.ts";
import { parseIpv6, parseIpv6Prefix, type Ipv6 } from "../../lib/ipv6.ts";

/** Who gets an address, and when. */
export interface Taker {
  readonly projectId: ProjectId;
  readonly now: Timestamp;
}

const quarantineText = `${quarantineMs / 60_000} minutes`;

/** One family's part of a subnet. */
interface Source<Address extends Ipv4 | Ipv6> extends Taker {
  readonly subnet: Subnet;
  readonly cidr: string;
  readonly pool: Pool<Address>;
  /** The address that was handed out last. */
  readonly cursor: Address | null;
  readonly parse: (text: string) => Address | undefined;
}

/**
 * Returns an address of the subnet's pool that no endpoint has, or had a moment ago; who had it himself may want it back.
 * @param wanted the one that is wanted, or undefined for the next free one
 * @throws PosternError pool_exhausted, address_in_use, address_malformed, address_outside_subnet
 */
export function takeAddress(
  tx: Repositories,
  subnet: Subnet,
  wanted: string | undefined,
  taker: Taker,
): Promise<Ipv4> {
  const { cidr, poolCursor: cursor } = subnet;
  const prefix = parseIpv4Prefix(cidr);
  if (!prefix) throw new TypeError(`subnet ${subnet.id} has the CIDR ${cidr}`);
  return take(tx, { ...taker, subnet, cidr, pool: poolOf(prefix), cursor, parse: parseIpv4 }, wanted);
}

/** The same of the subnet's IPv6 addresses. The subnet must have some. */
export function takeAddress6(
  tx: Repositories,
  subnet: Subnet,
  wanted: string | undefined,
  taker: Taker,
): Promise<Ipv6> {
  const { cidr6, pool6Cursor: cursor } = subnet;
  const prefix = cidr6 === null ? undefined : parseIpv6Prefix(cidr6);
  if (cidr6 === null || !prefix) throw new TypeError(`subnet ${subnet.id} has the IPv6 CIDR ${cidr6}`);
  return take(tx, { ...taker, subnet, cidr: cidr6, pool: pool6Of(prefix), cursor, parse: parseIpv6 }, wanted);
}

function take<Address extends Ipv4 | Ipv6>(
  tx: Repositories,
  source: Source<Address>,
  wanted: string | undefined,
): Promise<Address> {
  return wanted === undefined ? takeNext(tx, source) : takeWanted(tx, source, wanted);
}

async function takeWanted<Address extends Ipv4 | Ipv6>(
  tx: Repositories,
  { subnet, cidr, pool, parse, projectId, now }: Source<Address>,
  wanted: string,
): Promise<Address> {
  const address = parse(wanted);
  if (address === undefined) {
    throw new PosternError("address_malformed", `${wanted} is no address of the endpoint pool of ${cidr}.`);
  }
  if (!poolContains(pool, address)) {
    throw new PosternError(
      "address_outside_subnet",
      `The address ${wanted} is not in the endpoint pool of ${cidr}.`,
    );
  }
  const taken = await tx.endpoints.takenAddresses(subnet.id, [address]);
  if (taken.has(address))
    throw new PosternError("address_in_use", `The address ${wanted} is in use already.`);
  const released = await tx.networks.releasedAddresses(subnet.id, [address], now - quarantineMs);
  if ((released.get(address) ?? projectId) === projectId) return address;
  throw new PosternError(
    "address_in_use",
    `The address ${wanted} was another project's until a moment ago. Take another, or try again in ${quarantineText}.`,
  );
}

async function takeNext<Address extends Ipv4 | Ipv6>(
  tx: Repositories,
  { subnet, cidr, pool, cursor, now }: Source<Address>,
): Promise<Address> {
  for (const window of candidateWindows(pool, cursor)) {
    const taken = await tx.endpoints.takenAddresses(subnet.id, window);
    const released = await tx.networks.releasedAddresses(subnet.id, window, now - quarantineMs);
    const address = window.find((candidate) => !taken.has(candidate) && !released.has(candidate));
    if (address === undefined) continue;
    await tx.networks.setPoolCursor(subnet.id, address);
    return address;
  }
  throw new PosternError(
    "pool_exhausted",
    `Subnet ${subnet.name} (${cidr}) has no free address. Use another subnet, or delete an endpoint: ` +
      `its address is free again after ${quarantineText}.`,
  );
}
