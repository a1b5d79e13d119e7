import type { DesiredNetwork } from "../../domain/desired.ts";
import type { VpcId } from "../../domain/ids.ts";

/** A network and the endpoint addresses that the host answers for there. */
export interface NetworkWish {
  readonly network: DesiredNetwork;
  /** IPv4 and IPv6 addresses, each once. */
  readonly addresses: readonly string[];
}

export interface NetworkState {
  readonly network: VpcId;
  /** Name of the gateway's interface to the network; undefined where there is none now. */
  readonly device?: string;
  /** Why there is none: what is missing, and what to do. */
  readonly problem?: string;
  /** Addresses that a host of the network has already, with its link-layer address: they are not answered for. */
  readonly taken: ReadonlyMap<string, string>;
}

/**
 * The host's own part of carrying networks: interfaces, routes, address resolution. One verb, as with engines:
 * `apply` brings about exactly what is wished, whatever was there before, and sweeps what a predecessor left.
 */
export interface HostNetwork {
  /** Name of the gateway's interface to a network: known before there is one. */
  deviceOf(network: DesiredNetwork): string;
  /** Calls are made one at a time. A network that fails is told in its state; it never fails the others. */
  apply(wishes: readonly NetworkWish[]): Promise<readonly NetworkState[]>;
  /** Leaves everything in place: a gateway that comes back takes it over. */
  close(): void;
}
