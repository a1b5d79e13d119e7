import { createSecureContext } from "node:tls";
import { CliError } from "../cli-error.ts";
import type { CliIo } from "../io.ts";
import { nodePassword, readCertificates, type NodeUserOptions } from "../node-credentials.ts";
import type { ClusterSettings } from "./examine-cluster.ts";
import type { Reference } from "./reference.ts";

interface SettingOptions extends NodeUserOptions {
  readonly ca?: string;
  /** Seconds. */
  readonly timeout: number;
}

/** Reads what the options name. @throws UsageError, CliError */
export function clusterSettings(
  reference: Reference,
  options: SettingOptions,
  env: CliIo["env"],
): ClusterSettings {
  const password = nodePassword(options, env);
  const ca = options.ca === undefined ? undefined : readCertificates(options.ca);
  if (ca !== undefined) requireCertificates(ca, options.ca ?? "");
  return {
    scheme: reference.scheme,
    ca,
    user:
      options.username === undefined || password === undefined
        ? undefined
        : { name: options.username, password },
    timeoutMs: options.timeout * 1_000,
  };
}

function requireCertificates(ca: string, file: string): void {
  try {
    createSecureContext({ ca });
    if (ca.includes("-----BEGIN CERTIFICATE-----")) return;
  } catch {
    // The parser's message names neither the file nor what is expected.
  }
  throw new CliError(`${file} holds no certificates in PEM form.`, "Name the file of the CA's certificate.");
}
