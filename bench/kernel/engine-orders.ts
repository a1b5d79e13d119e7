/** All VPCs of the bench have this one. */
export const vpcCidr = "10.64.0.0/14";
/** Of the endpoint that the load goes to, in the first VPC. */
export const firstEndpointAddress = "10.64.0.1";

/** What the engine's process is started with. */
export interface EngineSetting {
  readonly networks: readonly { readonly namespace: string; readonly cidr: string }[];
  /** Addresses of the nodes. */
  readonly nodes: readonly string[];
}

/** What the engine's process is told to do. */
export type EngineOrder =
  | {
      readonly kind: "apply";
      /** Endpoints, dealt to the networks in turn. */
      readonly endpoints: number;
      /** The endpoint that is not accepted, counted from 0. */
      readonly rejected?: number;
    }
  /** Adds the elements of one more endpoint to the kernel and takes them away again, without the engine. */
  | { readonly kind: "batch" };

export interface EngineAnswer {
  /** Moment of the clock of `process.hrtime`, which all processes of a host share, in milliseconds. */
  readonly startedAtMs: number;
  /** The first `apply`, which ends what is to end; with "batch" the addition. */
  readonly ms: number;
  /** Further ones, which bring up new endpoints that no host has the address of; with "batch" the removal. */
  readonly partMs: number;
  /** All of it, with the wait for hosts that may have an address. */
  readonly wholeMs: number;
  /** Memory of the engine's process. */
  readonly rssBytes: number;
  /** What failed, in sentences. */
  readonly failures: readonly string[];
}

/** The clock that all processes of a host share, in milliseconds. */
export function hostClockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
