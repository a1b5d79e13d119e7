import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { runGuarded } from "../../test/support/guarded-process.ts";
import type { Java } from "./java.ts";

/** The OpenSearch that a Java can run, or undefined where it is too old for any. */
export function versionForJava({ major }: Java): string | undefined {
  if (major >= 21) return "3.6.0";
  return major >= 11 ? "2.19.6" : undefined;
}

/** Where unpacked distributions are kept from one run to the next: one place a user. */
export function defaultCacheDir(environment: NodeJS.ProcessEnv): string {
  // Root's own home is closed to the unprivileged user that runs the node.
  if (process.getuid?.() === 0) return "/var/cache/postern";
  return join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "postern");
}

const unpackPrefix = ".unpack-";

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/** A run that was killed leaves its half-filled directory behind; an hour later nobody is working on it any more. */
async function sweepLeftovers(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith(unpackPrefix)) continue;
    const path = join(cacheDir, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > 3_600_000) await rm(path, { recursive: true, force: true });
  }
}

async function download(version: string, into: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const artifact = `org.opensearch.distribution.integ-test-zip:opensearch:${version}:zip`;
  // --strict-checksums: a download that does not match its published checksum is an error, not a warning.
  const args = ["-B", "-q", "--strict-checksums", "dependency:unpack"];
  await runGuarded("mvn", [...args, `-Dartifact=${artifact}`, `-DoutputDirectory=${into}`], {
    env: environment,
    cwd: into,
    timeoutMs: 300_000,
  });
}

/**
 * Gives the home directory of an unpacked OpenSearch, from the cache or, the first time, from Maven Central.
 * Several processes may do this at once: each unpacks on its own, the first to finish is used by all.
 * @throws Error when the cache cannot be written or Maven fails.
 */
export async function provideDistribution(
  version: string,
  cacheDir: string,
  environment: NodeJS.ProcessEnv,
  report: (line: string) => void,
): Promise<string> {
  const home = join(cacheDir, `opensearch-${version}`);
  if (await exists(home)) return home;
  await mkdir(cacheDir, { recursive: true, mode: 0o755 });
  await sweepLeftovers(cacheDir);
  report(`Downloading OpenSearch ${version} from Maven Central (about 55 MB, once)`);
  const workDir = join(cacheDir, `${unpackPrefix}${process.pid}-${Date.now()}`);
  await mkdir(workDir, { mode: 0o755 });
  try {
    await download(version, workDir, environment);
    // A rename is all or nothing: what lies under the final name is always complete.
    await rename(join(workDir, `opensearch-${version}`), home).catch(async (error: unknown) => {
      if (!(await exists(home))) throw error;
    });
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
  return home;
}
