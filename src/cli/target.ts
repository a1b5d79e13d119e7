import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { CliError, UsageError } from "./cli-error.ts";
import { isJsonObject } from "./json.ts";

/** Where the API is and who is asking. Holds a secret: never printed as a whole. */
export interface Target {
  /** `http://HOST:PORT`, without a slash at the end. */
  readonly endpoint: string;
  readonly token: string;
  readonly projectId: string;
  /** Where endpoint and token were found, for error messages. */
  readonly source: string;
  /** The data directory of a local installation; null for one that is named by the environment. */
  readonly dataDir: string | null;
}

const defaultDataDir = ".postern/data";
const fileSizeLimit = 65_536;
const remoteVariables = ["POSTERN_ENDPOINT", "POSTERN_TOKEN", "POSTERN_PROJECT_ID"] as const;

/**
 * Finds the server. `--data DIR` wins, then `POSTERN_ENDPOINT` with its token and project, then `POSTERN_DATA`,
 * then the default directory. A token is only ever sent to the endpoint that it was found with.
 * @throws CliError where nothing usable is there.
 */
export function findTarget(
  dataOption: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Target {
  const isRemote = remoteVariables.some((name) => (env[name] ?? "") !== "");
  if (dataOption === undefined && isRemote) return remoteTarget(env);
  return localTarget(resolve(dataOption ?? (env["POSTERN_DATA"] || defaultDataDir)));
}

function remoteTarget(env: Readonly<Record<string, string | undefined>>): Target {
  const missing = remoteVariables.filter((name) => (env[name] ?? "") === "");
  if (missing.length > 0) {
    throw new UsageError(
      `${missing.join(" and ")} must be set too where the server is named by environment variables.`,
      `Set all of ${remoteVariables.join(", ")}, or none of them and name a data directory with --data DIR.`,
    );
  }
  return {
    endpoint: parseEndpoint(env["POSTERN_ENDPOINT"], "POSTERN_ENDPOINT"),
    token: parseToken(env["POSTERN_TOKEN"], "POSTERN_TOKEN"),
    projectId: parseProjectId(env["POSTERN_PROJECT_ID"], "POSTERN_PROJECT_ID"),
    source: "the environment variables POSTERN_ENDPOINT and POSTERN_TOKEN",
    dataDir: null,
  };
}

function localTarget(dataDir: string): Target {
  const file = join(dataDir, "admin.json");
  const admin = parseAdmin(readAdmin(file, dataDir), file);
  return {
    endpoint: parseEndpoint(admin["endpoint"], file),
    token: parseToken(admin["token"], file),
    projectId: parseProjectId(admin["project_id"], file),
    source: file,
    dataDir,
  };
}

function readAdmin(file: string, dataDir: string): string {
  try {
    if (statSync(file).size > fileSizeLimit) throw damaged(file, `is larger than ${fileSizeLimit} bytes`);
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof CliError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "EACCES" || code === "EPERM") {
      throw new CliError(
        `${file} belongs to another user and may not be read.`,
        `Run this as the user who started Postern, or set ${remoteVariables.join(", ")}.`,
      );
    }
    if (code !== "ENOENT" && code !== "ENOTDIR") throw damaged(file, `cannot be read (${code})`);
    throw new CliError(
      `There is no ${file}, so no Postern was started with this data directory yet.`,
      `Start one with: postern up --data ${dataDir}\nOr name the directory of a running one with --data DIR or POSTERN_DATA=DIR.`,
    );
  }
}

function parseAdmin(text: string, file: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message would quote the file, and the file holds secrets.
    throw damaged(file, "is not JSON");
  }
  if (!isJsonObject(value)) throw damaged(file, "is not a JSON object");
  return value;
}

function parseEndpoint(value: unknown, source: string): string {
  const url = typeof value === "string" ? URL.parse(value) : null;
  const isHttp = url !== null && (url.protocol === "http:" || url.protocol === "https:");
  if (!isHttp || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw damaged(source, "holds no endpoint of the form http://HOST:PORT");
  }
  return url.origin + url.pathname.replace(/\/+$/, "");
}

function parseToken(value: unknown, source: string): string {
  if (typeof value !== "string" || !/^[\x21-\x7E]{1,16384}$/.test(value))
    throw damaged(source, "holds no usable token");
  return value;
}

function parseProjectId(value: unknown, source: string): string {
  if (typeof value !== "string" || !/^[A-Za-z0-9-]{1,64}$/.test(value))
    throw damaged(source, "holds no usable project id");
  return value;
}

function damaged(source: string, why: string): CliError {
  return new CliError(
    `${source} ${why}.`,
    source.endsWith("admin.json")
      ? "Restore the file from a copy; it is written once, at the first start with its data directory."
      : "Set it to what the admin.json of that server holds.",
  );
}
