import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { join } from "node:path";
import type { EndpointId } from "../../src/domain/ids.ts";
import {
  aCluster,
  anEndpoint,
  aReport,
  aService,
  clusterId,
  someFigures,
  uuid,
} from "../../src/domain/test-fixtures.ts";
import type { Store } from "../../src/domain/store.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { Ipv4 } from "../../src/lib/ipv4.ts";
import { loadSealer } from "../../src/main/first-start.ts";
import { dataPaths } from "../../src/main/paths.ts";
import { SqlStore } from "../../src/store/sql-store.ts";
import { freePort } from "../../test/support/free-port.ts";
import type { Children } from "../proxy/children.ts";
import { measure, type Findings } from "./measure.ts";
import { executable, untilItTells } from "./process.ts";

interface Admin {
  readonly endpoint: string;
  readonly project_id: string;
  readonly token: string;
}

interface Credentials {
  readonly gatewayId: string;
  readonly token: string;
}

const agent = new Agent({ keepAlive: true });

/** A server that a gateway has reported of endpoints to, and that answers the API meanwhile. */
export async function measureServer(children: Children, endpoints: number): Promise<Findings> {
  const data = join(children.directory, "server-data");
  const [apiPort, metricsPort] = [await freePort(), await freePort()];
  const args = ["server", "--data", data, "--listen", `127.0.0.1:${apiPort}`];
  const url = `http://127.0.0.1:${metricsPort}/metrics`;
  children.keep(spawn(executable, [...args, "--metrics", `127.0.0.1:${metricsPort}`], { stdio: "ignore" }));
  await untilItTells(url, "postern_server_gateway_connected{", 1);
  // It has made its first project now, and another process may write to them.
  const auditKey = loadSealer(dataPaths(data)).deriveKey("audit trail");
  const store = await SqlStore.open(join(data, "postern.db"), systemClock, auditKey);
  await fill(store, endpoints);
  await store.close();
  const read = async <Kind>(...path: string[]): Promise<Kind> =>
    JSON.parse(await readFile(join(data, ...path), "utf8")) as Kind;
  const admin = await read<Admin>("admin.json");
  const { gatewayId, token } = await read<Credentials>("gateway", "credentials.json");
  const figures = Array.from({ length: endpoints }, (_, n) => someFigures({ endpointId: endpointOf(n) }));
  await send(
    "POST",
    `${admin.endpoint}/postern/v1/gateways/${gatewayId}/report`,
    token,
    aReport({ endpoints: figures }),
  );
  const vpcs = `${admin.endpoint}/postern/v1/${admin.project_id}/vpcs`;
  let written = 0;
  /** A write of its own makes the server look at its data again. */
  const write = (): Promise<void> => {
    const wish = { name: `another-${(written += 1)}`, cidr: "10.99.0.0/20", attachment: { kind: "none" } };
    return send("POST", vpcs, admin.token, wish);
  };
  await write();
  const service = `${admin.endpoint}/v1.0/${admin.project_id}/clusters/${clusterId}/vpcepservice`;
  const connections = `${service}/connections?limit=10`;
  await untilItTells(url, "postern_reported_endpoint_sessions{", endpoints);
  return measure("server", url, children, () => send("GET", connections, admin.token), write);
}

function endpointOf(n: number): EndpointId {
  return uuid(1_000_000 + n) as EndpointId;
}

async function fill(store: Store, count: number): Promise<void> {
  await store.write({ actor: "bench", action: "fill", resource: "endpoint" }, async (tx) => {
    const [account] = (await tx.identity.accounts({ offset: 0, limit: 1 })).items;
    const [project] = account ? await tx.identity.projects(account.id) : [];
    const vpc = project && (await tx.networks.firstVpc(project.id));
    const [subnet] = vpc ? await tx.networks.subnets(vpc.id) : [];
    if (!account || !project || !vpc || !subnet) throw new Error("The server has not made a first project.");
    const place = { projectId: project.id, vpcId: vpc.id, subnetId: subnet.id };
    await tx.clusters.insert(aCluster(place));
    await tx.services.insert(aService({ projectId: project.id }));
    for (let n = 0; n < count; n += 1) {
      const address = `127.99.${Math.floor(n / 250)}.${(n % 250) + 1}` as Ipv4;
      const markerId = 20_000_000 + n;
      await tx.endpoints.insert(
        anEndpoint({ ...place, id: endpointOf(n), accountId: account.id, address, markerId }),
      );
    }
  });
}

/** @throws where it is refused */
function send(method: string, url: string, token: string, body?: object): Promise<void> {
  const headers = { "x-auth-token": token, "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers }, (answer) => {
      answer.resume().once("end", () => {
        const status = answer.statusCode ?? 0;
        if (status < 300) resolve();
        else reject(new Error(`${method} ${url} was answered with ${status}.`));
      });
    });
    sent.once("error", reject).end(body && JSON.stringify(body));
  });
}
