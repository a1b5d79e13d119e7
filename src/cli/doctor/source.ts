import type { Command } from "commander";
import type { ApiClient } from "../api-client.ts";
import { CliError, UsageError } from "../cli-error.ts";
import { connect } from "../command.ts";
import type { CliIo } from "../io.ts";
import { admissionUnknown, judgeAdmission } from "./admission.ts";
import type { Finding } from "./finding.ts";
import { findKnownEndpoint, type KnownEndpoint } from "./known-endpoint.ts";
import type { Reference } from "./reference.ts";

/** Who knows how the endpoint should be, or why nobody does. */
export type Source = { readonly api: ApiClient } | { readonly why: string; readonly fix: string };

/**
 * A machine without credentials is the normal case: then what is seen has to do.
 * @throws CliError for credentials that were meant and do not work
 */
export function findSource(io: CliIo, isApiWanted: boolean, command: Command): Source {
  if (!isApiWanted) return { why: "The API was not asked.", fix: "Repeat it without --no-api." };
  try {
    return { api: connect(io, command).api };
  } catch (error) {
    const isMeant =
      command.optsWithGlobals<{ data?: string }>().data !== undefined ||
      (io.env["POSTERN_DATA"] ?? "") !== "";
    if (!(error instanceof CliError) || error instanceof UsageError || isMeant) throw error;
    return {
      why: "There is no access to the API from here.",
      fix: "Give it: --data DIR, or POSTERN_ENDPOINT, POSTERN_TOKEN and POSTERN_PROJECT_ID.",
    };
  }
}

/**
 * Asks for the endpoint that is meant, and judges whether it carries connections.
 * @throws CliError where nothing but the API could say where the endpoint is, and it does not
 */
export async function learn(
  reference: Reference,
  source: Source,
  resolved: readonly string[],
): Promise<{ readonly known: KnownEndpoint | undefined; readonly finding: Finding }> {
  if (!("api" in source)) {
    if (reference.host === undefined) {
      throw new CliError(
        `${source.why} Where endpoint ${reference.id ?? ""} is, only it can tell.`,
        source.fix,
      );
    }
    return { known: undefined, finding: admissionUnknown(source.why, source.fix) };
  }
  try {
    const known = await findKnownEndpoint(source.api, reference, resolved);
    if (known !== undefined) return { known, finding: judgeAdmission(known) };
    const finding = admissionUnknown(
      "The API knows no endpoint of this project there, or several.",
      "Name it by its id: postern endpoint list",
    );
    return { known, finding };
  } catch (error) {
    if (!(error instanceof CliError) || reference.host === undefined) throw error;
    return {
      known: undefined,
      finding: admissionUnknown(error.message, error.nextStep.replaceAll("\n", " ")),
    };
  }
}
