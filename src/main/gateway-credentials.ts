import { readFileSync } from "node:fs";
import type { GatewayCredentials } from "../gateway/server-client.ts";

/** Returns the gateway's credentials, or undefined where there are none yet, or none that can be read. */
export function readCredentials(path: string): GatewayCredentials | undefined {
  try {
    const { endpoint, gatewayId, token } = JSON.parse(
      readFileSync(path, "utf8"),
    ) as Partial<GatewayCredentials>;
    return endpoint && gatewayId && token ? { endpoint, gatewayId, token } : undefined;
  } catch {
    return undefined;
  }
}
