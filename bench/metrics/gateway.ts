import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encode } from "dns-packet";
import type { EndpointId } from "../../src/domain/ids.ts";
import type { Snapshot } from "../../src/domain/snapshot.ts";
import { gatewayId, nodeId, serviceId, uuid, vpcId } from "../../src/domain/test-fixtures.ts";
import { freePort } from "../../test/support/free-port.ts";
import type { Children } from "../proxy/children.ts";
import { measure, type Findings } from "./measure.ts";
import { executable, untilItTells } from "./process.ts";

const resolver = "127.99.255.1";

/** A gateway that carries endpoints from its last good snapshot, and answers questions for names meanwhile. */
export async function measureGateway(children: Children, endpoints: number): Promise<Findings> {
  const data = join(children.directory, "gateway-data");
  await mkdir(join(data, "gateway"), { recursive: true });
  await writeFile(join(data, "gateway", "snapshot.json"), JSON.stringify(snapshotOf(endpoints)));
  const [metricsPort, dnsPort] = [await freePort(), await freePort(resolver)];
  const args = ["--data", data, "--metrics", `127.0.0.1:${metricsPort}`, "--dns-port", String(dnsPort)];
  children.start(executable, "gateway", ...args);
  const url = `http://127.0.0.1:${metricsPort}/metrics`;
  await untilItTells(url, "postern_endpoint_sessions{", endpoints);
  const socket = createSocket("udp4");
  try {
    const question = encode({ type: "query", id: 1, questions: [{ type: "A", name: "no.such.name" }] });
    const ask = async (): Promise<void> => {
      socket.send(question, dnsPort, resolver);
      await once(socket, "message");
    };
    return await measure("gateway", url, children, ask);
  } finally {
    socket.close();
  }
}

function snapshotOf(count: number): Snapshot {
  return {
    format: 1,
    gatewayId,
    region: "region-1",
    revision: 1,
    services: [
      {
        id: serviceId,
        nodes: [{ id: nodeId, host: "127.0.0.1", port: 9 }],
        healthCheck: { scheme: "http", path: "/", insecureSkipVerify: false },
      },
    ],
    endpoints: Array.from({ length: count }, (_, n) => ({
      id: uuid(1_000_000 + n) as EndpointId,
      serviceId,
      vpcId,
      attachment: "loopback" as const,
      address: `127.99.${Math.floor(n / 250)}.${(n % 250) + 1}`,
      clientPorts: [19_200],
      maxSession: 3_000,
      refusal: null,
    })),
    dns: { zone: "postern.internal", resolvers: [{ vpcId, address: resolver }] },
  };
}
