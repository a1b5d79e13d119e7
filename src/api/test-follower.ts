import { request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { Tenant, TestServer } from "./test-server.ts";

export interface Message {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Somebody who follows events over a connection of his own. */
export class Follower {
  readonly #response: IncomingMessage;
  text = "";
  isOver = false;

  constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => (this.text += chunk));
    response.on("error", () => undefined);
    response.on("close", () => (this.isOver = true));
  }

  get status(): number | undefined {
    return this.#response.statusCode;
  }

  get type(): string | undefined {
    return this.#response.headers["content-type"];
  }

  /** Whole messages that have an event, as a browser understands them. */
  get messages(): readonly Message[] {
    return this.#blocks().flatMap(({ id = "", event, data = "" }) =>
      event === undefined ? [] : { id, event, data },
    );
  }

  /** What a browser would send when it comes back. */
  get lastId(): string {
    return this.#blocks().reduce((last, { id }) => id ?? last, "");
  }

  pause(): void {
    this.#response.pause();
  }

  end(): void {
    this.#response.destroy();
  }

  #blocks(): readonly Partial<Message>[] {
    const blocks = this.text.split("\n\n").slice(0, -1);
    return blocks.map((block) => {
      const fields = block.split("\n").filter((line) => !line.startsWith(":"));
      return Object.fromEntries(fields.map((line) => line.split(/: (.*)/s)));
    });
  }
}

type Follow = (tenant: Tenant, query?: string, headers?: Record<string, string>) => Promise<Follower>;

/** Lets a server listen, and returns what follows the events of a tenant until the test ends. */
export async function listenForFollowers(server: TestServer): Promise<Follow> {
  await server.app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = server.app.server.address() as AddressInfo;
  return async (tenant, query = "", headers = {}) => {
    const url = `http://127.0.0.1:${port}/postern/v1/${tenant.projectId}/events${query}`;
    const sent = { accept: "text/event-stream", "x-auth-token": tenant.token, ...headers };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest(url, { headers: sent }, resolve).on("error", reject).end();
    });
    const follower = new Follower(response);
    onTestFinished(() => follower.end());
    return follower;
  };
}
