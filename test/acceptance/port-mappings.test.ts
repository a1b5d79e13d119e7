import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { ok } from "../support/service.ts";
import { openSession } from "../support/session.ts";

let postern: Postern;
/** Two listeners of one host; the cluster is registered with the first. */
let search: SearchNode;
let metrics: SearchNode;
beforeAll(async () => {
  [search, metrics] = await Promise.all([startNode({ name: "search" }), startNode({ name: "metrics" })]);
  postern = await startPostern();
});
afterAll(async () => {
  await postern.stop();
  await Promise.all([search.stop(), metrics.stop()]);
});

type Named = { readonly id: string };
type Vpcs = { readonly vpcs: readonly (Named & { readonly subnets: readonly Named[] })[] };

async function nameBehind(ip: string, port: number): Promise<string> {
  const answer = await fetch(`http://${ip}:${port}/`);
  return ((await answer.json()) as { readonly name: string }).name;
}

test("each port of a service leads to its own listener on the node's host, and a new mapping cuts the old way", async () => {
  const clientPort = await freePort("0.0.0.0");
  const [searchPort, metricsPort] = [await freePort("0.0.0.0"), await freePort("0.0.0.0")];
  const registration = { name: "logs", nodes: [search.url], client_port: clientPort };
  const cluster = ok(await postern.api<Named>("POST", "/postern/v1/{pid}/clusters", registration));
  const [vpc] = ok(await postern.api<Vpcs>("GET", "/postern/v1/{pid}/vpcs")).vpcs;
  const portsTo = (serverPort: number) => [
    // The cluster's client port stands for the port that the node is registered with.
    { client_port: searchPort, server_port: clientPort, protocol: "TCP" },
    { client_port: metricsPort, server_port: serverPort, protocol: "TCP" },
  ];
  const service = ok(
    await postern.api<Named>("POST", "/v1/{pid}/vpc-endpoint-services", {
      port_id: cluster.id,
      vpc_id: vpc?.id,
      server_type: "LB",
      ports: portsTo(metrics.port),
    }),
  );
  const { ip } = ok(
    await postern.api<Named & { readonly ip: string }>("POST", "/v1/{pid}/vpc-endpoints", {
      endpoint_service_id: service.id,
      vpc_id: vpc?.id,
      subnet_id: vpc?.subnets[0]?.id,
    }),
  );
  expect([await nameBehind(ip, searchPort), await nameBehind(ip, metricsPort)]).toEqual([
    "search",
    "metrics",
  ]);

  const [kept, cut] = [
    await openSession({ ip, port: searchPort }),
    await openSession({ ip, port: metricsPort }),
  ];
  const change = { ports: portsTo(search.port) };
  const changed = await postern.api("PUT", `/v1/{pid}/vpc-endpoint-services/${service.id}`, change);
  expect(changed.headers.get("x-postern-enforced")).toBe("true");
  await expect(cut.echo()).rejects.toThrow(/ECONNRESET|EPIPE|closed|ended/);
  await kept.echo();
  expect(await nameBehind(ip, metricsPort)).toBe("search");
});
