import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { addressText } from "./address-text.ts";
import type { Answer, ApiClient } from "./api-client.ts";
import { CliError } from "./cli-error.ts";
import { clusterArgument, changeCommand, connect } from "./command.ts";
import type { CommandContext } from "./command.ts";
import { describeEffect, warnIfPending } from "./effect.ts";
import { findCluster } from "./find.ts";
import type { CliIo } from "./io.ts";
import { renderFields } from "./table.ts";
import type { Cluster, Endpoint } from "./wire.ts";

export interface OpenOptions {
  /** Give the endpoint a private name. */
  readonly dns?: true;
  /** Professional rather than basic: 1,000,000 sessions rather than 3,000. */
  readonly professional?: true;
  readonly dualStack?: true;
  /** Endpoints of other accounts wait until the owner accepts them. */
  readonly approval?: true;
}

/** What opening brought about. */
export interface OpenedService {
  /** The cluster as it is now. */
  readonly cluster: Cluster;
  /** The endpoint that opening makes in the cluster's own subnet; undefined where there is none. */
  readonly endpoint: Endpoint | undefined;
  readonly answer: Answer<{ readonly action?: string }>;
}

const settleTimeoutMs = 10_000;
const settlePollMs = 100;

/** Adds `postern open` and `postern close`. */
export function addServiceCommands(program: Command, io: CliIo): void {
  withOpenOptions(
    changeCommand(program, "open", "turn a cluster's endpoint service on").argument(...clusterArgument),
  ).action(async (reference: string | undefined, options: OpenOptions, command: Command) => {
    const context = connect(io, command);
    const opened = await openService(context.api, await findCluster(context.api, reference), options);
    if (context.out.isJson) {
      const { cluster, endpoint, answer } = opened;
      context.out.json({ ...answer.body, service: cluster.service, endpoint: endpoint ?? null });
    }
    reportOpened(context, opened);
  });
  changeCommand(program, "close", "turn a cluster's endpoint service off and cut its sessions")
    .argument(...clusterArgument)
    .action(async (reference: string | undefined, _options: object, command: Command) =>
      close(connect(io, command), reference),
    );
}

/** Adds the options that say how a service is opened. */
export function withOpenOptions(command: Command): Command {
  return command
    .option("--dns", "give the endpoint a private name")
    .option("--professional", "allow 1,000,000 sessions an endpoint rather than 3,000")
    .option("--dual-stack", "give the endpoint an IPv6 address too, with --professional")
    .option("--approval", "let endpoints of other accounts wait until you accept them");
}

/** Opens the service of a cluster, and waits until its own endpoint is up or has failed; at most 10 s. */
export async function openService(
  api: ApiClient,
  cluster: Cluster,
  options: OpenOptions,
): Promise<OpenedService> {
  const body = {
    ...(options.dns && { endpoint_with_dns_name: true }),
    ...(options.professional && { profession_vpcep: true }),
    ...(options.dualStack && { dualstack_enable: true }),
    ...(options.approval && { approval_enabled: true }),
  };
  const answer = await api.request<{ action?: string }>("POST", api.endpointService(cluster.id, "open"), {
    body,
  });
  const endpoint = await ownEndpoint(api, cluster.id);
  return {
    cluster: await api.get<Cluster>(api.own("clusters", cluster.id)),
    endpoint: endpoint && (await settled(api, endpoint)),
    answer,
  };
}

/**
 * Tells a person what opening brought about; a program gets the warnings only.
 * @throws CliError where the endpoint failed
 */
export function reportOpened({ out }: CommandContext, { cluster, endpoint, answer }: OpenedService): void {
  if (!out.isJson) {
    out.line(`The endpoint service of ${cluster.name} is open.`);
    out.line(renderFields([["Service", cluster.service?.name], ...endpointFields(cluster, endpoint)]));
  }
  warnIfPending(out, answer);
  if (endpoint === undefined) {
    out.note(
      `It has no endpoint in this project yet. Create one with: postern endpoint create ${cluster.name}`,
    );
  }
  if (endpoint?.status === "creating")
    out.note("The endpoint is still being set up. See: postern endpoint list");
  if (endpoint?.status === "failed") throw endpointFailed(endpoint);
}

/** Returns the error that says why an endpoint has no address that answers. */
export function endpointFailed(endpoint: Endpoint): CliError {
  const reason =
    endpoint.error === undefined
      ? "the gateway gave no reason"
      : `${endpoint.error.message} (${endpoint.error.code})`;
  return new CliError(
    `The endpoint ${endpoint.ip}:${endpoint.port} (${endpoint.id}) could not be brought up: ${reason}`,
    "The gateway goes on trying: remove the cause, then look at postern endpoint list.",
  );
}

function endpointFields(cluster: Cluster, endpoint: Endpoint | undefined): (readonly [string, string])[] {
  if (endpoint === undefined) return [];
  const fields: (readonly [string, string])[] = [
    ["Endpoint", `${addressText(endpoint)} (${endpoint.status})`],
  ];
  if (endpoint.dns_name !== undefined) fields.push(["Name", endpoint.dns_name]);
  if (endpoint.status === "accepted") fields.push(["Try it", curlLine(cluster, endpoint)]);
  return fields;
}

function curlLine(cluster: Cluster, endpoint: Endpoint): string {
  const address = `${endpoint.ip}:${endpoint.port}/`;
  // The certificate of a node cannot name the endpoint's address.
  return cluster.nodes[0]?.url.startsWith("https:")
    ? `curl --insecure https://${address}`
    : `curl http://${address}`;
}

async function ownEndpoint(api: ApiClient, clusterId: string): Promise<Endpoint | undefined> {
  const { vpcepIp } = await api.get<{ vpcepIp?: string }>(api.cluster(clusterId));
  const all = await api.list<Endpoint>(api.own("clusters", clusterId, "connections"), "connections");
  return all.find((endpoint) => endpoint.ip === vpcepIp) ?? all.at(-1);
}

async function settled(api: ApiClient, endpoint: Endpoint): Promise<Endpoint> {
  const deadline = Date.now() + settleTimeoutMs;
  let latest = endpoint;
  while (latest.status === "creating" && Date.now() < deadline) {
    await delay(settlePollMs);
    latest = await api.get<Endpoint>(api.own("endpoints", endpoint.id));
  }
  return latest;
}

async function close({ api, out }: CommandContext, reference: string | undefined): Promise<void> {
  const cluster = await findCluster(api, reference);
  const answer = await api.request("PUT", api.endpointService(cluster.id, "close"));
  if (out.isJson) out.json({ ...answer.body, severed: answer.severed, enforced: answer.enforced });
  else out.line(`The endpoint service of ${cluster.name} is closed: ${describeEffect(answer)}`);
  warnIfPending(out, answer);
}
