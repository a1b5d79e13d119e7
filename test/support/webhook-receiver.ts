import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { freePort } from "./free-port.ts";
import { Webhook } from "standardwebhooks";

/** A message as it came, once its signature was found to be right. */
export type Received = {
  readonly messageId: string;
  readonly id: number;
  readonly type: string;
  readonly resource: string;
};

/** A receiver of webhooks that can go away and come back. It believes nothing that is not signed. */
export class WebhookReceiver {
  readonly port: number;
  /** In the order in which they were accepted, repeats too. */
  readonly received: Received[] = [];
  /** Messages whose signature is wrong. */
  forged = 0;
  #secret = "";
  #server: Server | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(await freePort());
    await receiver.start();
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/postern`;
  }

  /** @param secret as the API told it */
  trust(secret: string): void {
    this.#secret = secret;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => response.writeHead(this.#take(request.headers, body)).end());
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.port, "127.0.0.1", resolve);
    });
  }

  /** Breaks off whatever is under way. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  #take(headers: IncomingHttpHeaders, body: string): number {
    try {
      const message = new Webhook(this.#secret).verify(body, headers as Record<string, string>) as Received;
      const messageId = String(headers["webhook-id"]);
      this.received.push({ messageId, id: message.id, type: message.type, resource: message.resource });
      return 204;
    } catch {
      this.forged += 1;
      return 401;
    }
  }
}
