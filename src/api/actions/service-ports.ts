import { PosternError } from "../../domain/errors.ts";
import type { ServicePort } from "../../domain/resources.ts";

interface PortWish {
  readonly client_port: number;
  readonly server_port: number;
  readonly protocol?: string;
}

/**
 * Returns the ports of a service.
 * @throws PosternError ports_malformed, unsupported
 */
export function readPorts(wishes: readonly PortWish[]): readonly ServicePort[] {
  for (const { protocol = "TCP" } of wishes) {
    if (protocol.toUpperCase() === "TCP") continue;
    throw new PosternError("unsupported", `The protocol ${protocol} is not carried. Use TCP.`);
  }
  if (new Set(wishes.map((wish) => wish.client_port)).size < wishes.length) {
    throw new PosternError("ports_malformed", "Two of the ports have the same client_port. Give each once.");
  }
  return wishes.map((wish) => ({ clientPort: wish.client_port, serverPort: wish.server_port }));
}
