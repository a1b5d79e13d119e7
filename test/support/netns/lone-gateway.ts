import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../eventually.ts";
import { GuardedProcess } from "../guarded-process.ts";
import { executable } from "../postern.ts";
import type { Namespace } from "./namespace.ts";

/** An endpoint of the file that a gateway starts from, in the words of a test. */
export type EndpointPlan = {
  /** Its own, from 1; the kernel knows its flows by it. */
  readonly number: number;
  readonly network: string;
  readonly service: string;
  readonly address: string;
  /** Default 3,000. */
  readonly maxSession?: number;
  readonly refusal?: "not_accepted" | "not_whitelisted" | "service_closed";
  readonly sources?: readonly string[];
  readonly connectionRate?: number;
  readonly byteRate?: number;
};

export type GatewayPlan = {
  /** By name: how the gateway's host is attached, and the CIDRs. */
  readonly networks: Readonly<
    Record<string, { readonly attachment: object; readonly cidrs: readonly string[] }>
  >;
  /** By name: the addresses of the nodes. */
  readonly services: Readonly<Record<string, readonly string[]>>;
  readonly endpoints: readonly EndpointPlan[];
};

const firstEndpointNumber = 16_777_216;
export const endpointPort = 9200;

/**
 * A gateway without a server: it works from its last good snapshot, which the test has written. This is the file's
 * format 1, which gateways of later versions have to understand too.
 */
export class LoneGateway {
  readonly #namespace: Namespace;
  readonly #directory: string;
  #process: GuardedProcess | undefined;

  private constructor(namespace: Namespace, directory: string) {
    this.#namespace = namespace;
    this.#directory = directory;
  }

  static async start(namespace: Namespace, plan: GatewayPlan): Promise<LoneGateway> {
    return await LoneGateway.startWith(namespace, snapshotOf(plan));
  }

  /** As `start`, from a whole snapshot. */
  static async startWith(namespace: Namespace, snapshot: object): Promise<LoneGateway> {
    const gateway = new LoneGateway(namespace, await mkdtemp(join(tmpdir(), "postern-lone-")));
    await mkdir(join(gateway.#directory, "gateway"), { mode: 0o700 });
    await gateway.beginWith(snapshot);
    return gateway;
  }

  /** Starts the process that was killed, or stopped, anew; resolves when the plan is in force. @throws Error */
  async begin(plan: GatewayPlan): Promise<void> {
    await this.beginWith(snapshotOf(plan));
  }

  /** As `begin`, from a whole snapshot. */
  async beginWith(snapshot: object): Promise<void> {
    await writeFile(join(this.#directory, "gateway", "snapshot.json"), JSON.stringify(snapshot));
    const [command = "", ...prefix] = this.#namespace.prefix;
    const args = [...prefix, executable, "gateway", "--data", this.#directory, "--metrics", "off"];
    const started = new GuardedProcess(command, args, { env: { ...process.env, POSTERN_LOG: "info" } });
    this.#process = started;
    await eventually(
      () => {
        if (started.exitCode === undefined) return started.output.includes("snapshot applied");
        return true;
      },
      { what: "the gateway to apply its snapshot" },
    ).catch((error: unknown) => {
      throw new Error(`The gateway printed:\n${started.tail()}`, { cause: error });
    });
    if (started.exitCode !== undefined) throw new Error(`The gateway ended:\n${started.tail()}`);
  }

  /** What it has printed since it began. */
  get output(): string {
    return this.#process?.output ?? "";
  }

  /** SIGKILL; what the kernel carries stays. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function snapshotOf({ networks, services, endpoints }: GatewayPlan): object {
  const names = Object.keys(networks);
  return {
    format: 1,
    gatewayId: "gateway-1",
    region: "region-1",
    revision: 1,
    networks: names.map((name, index) => ({ id: name, number: index + 1, ...networks[name] })),
    services: Object.entries(services).map(([name, hosts]) => ({
      id: name,
      nodes: hosts.map((host) => ({ id: `${name} ${host}`, host, port: endpointPort })),
      healthCheck: { scheme: "http", path: "/", insecureSkipVerify: false },
    })),
    endpoints: endpoints.map(({ number, network, service, connectionRate, byteRate, ...rest }) => ({
      id: `endpoint-${number}`,
      serviceId: service,
      vpcId: network,
      attachment: "kernel",
      clientPorts: [endpointPort],
      maxSession: 3_000,
      refusal: null,
      ...rest,
      kernel: {
        number: firstEndpointNumber + number,
        ...(connectionRate === undefined ? {} : { connectionRate }),
        ...(byteRate === undefined ? {} : { byteRate }),
      },
    })),
  };
}
