import type { DesiredNetwork } from "../../domain/desired.ts";
import type { VpcId } from "../../domain/ids.ts";

/** Some addresses, IPv4 and IPv6. Whoever has it may see it change. */
export interface AddressSet {
  readonly size: number;
  has(address: string): boolean;
  keys(): Iterable<string>;
}

/** A network and the addresses that the host answers for there: of endpoints, and of the name server. */
export interface NetworkWish {
  readonly network: DesiredNetwork;
  readonly addresses: AddressSet;
  /** What came or went since the last call, so that nothing else has to be looked at; anything may have without it. */
  readonly changed?: readonly string[];
}

export interface NetworkState {
  readonly network: VpcId;
  /** Name of the gateway's interface to the network; undefined where there is none now. */
  readonly device?: string;
  /** Its number: an interface that was made anew has another one. */
  readonly deviceIndex?: number;
  /** Why there is none: what is missing, and what to do. */
  readonly problem?: string;
  /** Addresses that are answered for. Those that are neither here nor refused are still being asked for. */
  readonly answered: AddressSet;
  /** Why an address is not answered for, in sentences; most often it is a host's of the network. */
  readonly refused: ReadonlyMap<string, string>;
  /** Addresses whose state may be another than at the last call; that of any may be without it. */
  readonly changed?: readonly string[];
}

export interface HostReport {
  /** One a wish. */
  readonly states: readonly NetworkState[];
  /** Resolves when `apply` has news to tell; left out while nothing is under way. Never rejects. */
  readonly news?: Promise<void>;
}

/**
 * The host's own part of carrying networks: interfaces, routes, address resolution. One verb, as with engines:
 * `apply` brings about exactly what is wished, whatever was there before, and sweeps what a predecessor left.
 */
export interface HostNetwork {
  /** Name of the gateway's interface to a network: known before there is one. */
  deviceOf(network: DesiredNetwork): string;
  /**
   * Calls are made one at a time. A network that fails is told in its state; it never fails the others. Nobody is
   * waited for: a new address is answered for from the call on that follows when no host of the network claims it.
   */
  apply(wishes: readonly NetworkWish[]): Promise<HostReport>;
  /** Leaves everything in place: a gateway that comes back takes it over. */
  close(): void;
}
