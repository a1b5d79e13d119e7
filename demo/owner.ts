import { freePort, isPortFree } from "../test/support/free-port.ts";
import type { ApiAnswer, Postern } from "../test/support/postern.ts";
import type { Progress } from "./progress.ts";

export type Connections = {
  readonly connections: readonly {
    readonly id: string;
    readonly status: string;
    readonly vpcepIp?: string;
  }[];
  readonly total_count: number;
} & Readonly<Record<string, unknown>>;

export type Endpoint = { readonly id: string; readonly url: string };

function expectOk<Body>(what: string, answer: ApiAnswer<Body>): Body {
  if (answer.status === 200) return answer.body;
  throw new Error(`${what} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
}

async function runPostern(postern: Postern, progress: Progress, args: readonly string[]): Promise<string> {
  progress.command(`postern ${args.join(" ")}`);
  const { code, stdout, stderr } = await postern.cli(args);
  if (code !== 0) throw new Error(`postern ${args.slice(0, 2).join(" ")} ended with code ${code}: ${stderr}`);
  return stdout;
}

/** The owner of a registered cluster, at work with the API that Postern shares with the cloud. */
export class Owner {
  readonly #postern: Postern;
  readonly #path: string;
  readonly #clientPort: number;

  private constructor(postern: Postern, clusterId: string, clientPort: number) {
    this.#postern = postern;
    this.#path = `/v1.0/{pid}/clusters/${clusterId}/vpcepservice`;
    this.#clientPort = clientPort;
  }

  /**
   * Registers a cluster with the CLI; one of that name that an earlier run has left gives way to it.
   * @throws Error with the CLI's own words when that fails.
   */
  static async register(postern: Postern, name: string, nodeUrl: string, progress: Progress): Promise<Owner> {
    const listed = await postern.api<{ readonly clusters: readonly { readonly name: string }[] }>(
      "GET",
      "/postern/v1/{pid}/clusters?limit=1000",
    );
    const isKnown = expectOk("Listing the clusters", listed).clusters.some(
      (cluster) => cluster.name === name,
    );
    if (isKnown) await runPostern(postern, progress, ["cluster", "remove", name, "--yes"]);
    // A cluster or another demo on this machine may hold 9200 on every address, the endpoint's own included.
    const clientPort = (await isPortFree(9200)) ? 9200 : await freePort("0.0.0.0");
    const args = ["cluster", "add", name, nodeUrl, "--client-port", String(clientPort), "--json"];
    const added: { readonly id: string } = JSON.parse(await runPostern(postern, progress, args));
    return new Owner(postern, added.id, clientPort);
  }

  async open(): Promise<void> {
    expectOk("Opening the service", await this.#postern.api("POST", `${this.#path}/open`, {}));
  }

  async connections(): Promise<Connections> {
    return expectOk(
      "Reading the connections",
      await this.#postern.api<Connections>("GET", `${this.#path}/connections`),
    );
  }

  /** The newest endpoint that is accepted and has its address; undefined while there is none. */
  async acceptedEndpoint(): Promise<Endpoint | undefined> {
    const { connections } = await this.connections();
    const accepted = connections.find(
      ({ status, vpcepIp }) => status === "accepted" && vpcepIp !== undefined,
    );
    return accepted && { id: accepted.id, url: `http://${accepted.vpcepIp}:${this.#clientPort}` };
  }

  async decide(action: "receive" | "reject", endpoint: Endpoint): Promise<void> {
    const body = { action, endpoint_id_list: [endpoint.id] };
    expectOk(`The ${action} call`, await this.#postern.api("POST", `${this.#path}/connections`, body));
  }
}
