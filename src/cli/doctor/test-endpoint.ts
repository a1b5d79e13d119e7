import type { KnownEndpoint } from "./known-endpoint.ts";

/** An accepted endpoint; a test says only what matters to it. */
export function aKnownEndpoint(wish: Partial<KnownEndpoint> = {}): KnownEndpoint {
  return {
    id: "00000000-0000-4000-8000-000000000007",
    status: "accepted",
    addresses: ["10.0.0.5"],
    ports: [9_200],
    accountId: "guest",
    sessions: 0,
    maxSession: 3_000,
    isServiceOpen: true,
    refusals: {},
    isLoopback: false,
    ...wish,
  };
}
