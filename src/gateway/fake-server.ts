import type { IncomingMessage, ServerResponse } from "node:http";
import type { GatewayReport } from "../domain/report.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { gatewayId } from "../domain/test-fixtures.ts";
import { startTestNode, type TestNode } from "../lib/test-node.ts";
import type { GatewayCredentials } from "./server-client.ts";

/** What the server says instead of what it should. */
export type Trouble = 401 | 500 | "garbage" | "hang up" | null;

interface Poll {
  readonly known: string | null;
  readonly lineage: string | null;
  readonly response: ServerResponse;
}

/** The server's side of the gateway's two calls, over real HTTP: long polls included. */
export class FakeServer {
  /** Reports that were taken, oldest first. */
  readonly reports: GatewayReport[] = [];
  /** Requests that carried no valid token, and those that met trouble. */
  refused = 0;
  troubled = 0;
  /** Reports among the latter. */
  troubledReports = 0;
  trouble: Trouble = null;
  /** Names this server process. */
  instance = "instance-1";
  /** That it wants of the gateway. */
  logLevel: string | undefined;
  /** Called when a report comes in, before it is taken. */
  onReport: (report: GatewayReport) => void = () => undefined;
  /** Told with the next snapshot. */
  requestIds: readonly string[] = [];
  readonly #polls = new Set<Poll>();
  #snapshot: Snapshot | undefined;
  #node: TestNode | undefined;

  static async start(): Promise<FakeServer> {
    const server = new FakeServer();
    await server.listen();
    return server;
  }

  /** Polls that wait for a snapshot. */
  get openPolls(): number {
    return this.#polls.size;
  }

  get credentials(): GatewayCredentials {
    return { endpoint: `http://127.0.0.1:${this.#node?.port}`, gatewayId, token: "postern_gateway" };
  }

  /** Revisions of the reports, without repetitions. */
  get revisions(): readonly number[] {
    return this.reports
      .map(({ appliedRevision }) => appliedRevision)
      .filter((revision, index, all) => revision !== all[index - 1]);
  }

  /** Starts listening: the first time on a free port, afterwards on the same one. */
  async listen(): Promise<void> {
    this.#node = await startTestNode(
      (request, response) => void this.#handle(request, response),
      undefined,
      this.#node?.port ?? 0,
    );
  }

  /** Goes away as a killed process does. */
  async kill(): Promise<void> {
    this.#polls.clear();
    await this.#node?.stop();
  }

  /** Makes a snapshot the present one: polls that do not know it return. */
  publish(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    for (const poll of this.#polls) this.#answer(poll);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://x");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.headers["x-auth-token"] !== "postern_gateway") {
      this.refused += 1;
      response.writeHead(401).end();
    } else if (this.trouble !== null) {
      this.troubled += 1;
      if (url.pathname === reportPath) this.troubledReports += 1;
      makeTrouble(this.trouble, response);
    } else if (url.pathname === reportPath) {
      this.#take(JSON.parse(Buffer.concat(chunks).toString()) as GatewayReport, response);
    } else if (url.pathname === `/postern/v1/gateways/${gatewayId}/snapshot`) {
      this.#answer({
        known: url.searchParams.get("known"),
        lineage: url.searchParams.get("lineage"),
        response,
      });
    } else response.writeHead(404).end();
  }

  #take(report: GatewayReport, response: ServerResponse): void {
    this.onReport(report);
    this.reports.push(report);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ instance: this.instance, logLevel: this.logLevel }));
  }

  #answer(poll: Poll): void {
    const snapshot = this.#snapshot;
    const isKnown = poll.known === String(snapshot?.revision) && poll.lineage === (snapshot?.lineage ?? "");
    const isNews = snapshot !== undefined && !isKnown;
    if (!isNews) {
      this.#polls.add(poll);
      return;
    }
    this.#polls.delete(poll);
    if (this.requestIds.length > 0)
      poll.response.setHeader("x-postern-request-ids", this.requestIds.join(","));
    poll.response.end(JSON.stringify(snapshot));
  }
}

const reportPath = `/postern/v1/gateways/${gatewayId}/report`;

function makeTrouble(trouble: Exclude<Trouble, null>, response: ServerResponse): void {
  if (trouble === "hang up") response.destroy();
  else if (trouble === "garbage") response.end('{"format":1,"revision":"all of it"}');
  else response.writeHead(trouble).end("trouble");
}
