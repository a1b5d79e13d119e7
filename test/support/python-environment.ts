import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runGuarded } from "./guarded-process.ts";

const requirements = fileURLToPath(new URL("../acceptance/python/requirements.txt", import.meta.url));
const cache = fileURLToPath(new URL("../../node_modules/.cache/postern/python", import.meta.url));

/** The oldest that the pinned packages run on. */
const wanted =
  "import sys, venv, ensurepip; assert sys.version_info >= (3, 10), sys.version; print(sys.version)";

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function run(command: string, args: readonly string[], what: string): Promise<string> {
  try {
    return (await runGuarded(command, args, { timeoutMs: 150_000 })).stdout;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const last = (reason.trim().split("\n").at(-1) ?? "").replace(/ Its last lines:$/, "");
    throw new Error(`${what}: ${last}`, { cause: error });
  }
}

/**
 * Gives the Python program of a virtual environment that holds the pinned published clients. It is made once for
 * each Python and each state of the requirements, which takes about half a minute, and kept beside node_modules.
 * @throws Error that says in one line why there is none: no usable Python, or no PyPI
 */
export async function providePython(): Promise<string> {
  const version = await run("python3", ["-c", wanted], "A Python of 3.10 or newer with venv is not there");
  const key = createHash("sha256")
    .update(version)
    .update(await readFile(requirements));
  const directory = join(cache, key.digest("hex").slice(0, 16));
  const python = join(directory, "bin", "python");
  if (await isThere(python)) return python;
  await mkdir(cache, { recursive: true });
  // Under its own name only when it is whole: an interrupted installation is never used.
  const partial = await mkdtemp(join(cache, "partial-"));
  try {
    await run("python3", ["-m", "venv", partial], "Python cannot make a virtual environment");
    const pip = [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--no-input",
      "--no-compile",
    ];
    const pinned = ["--no-deps", "--only-binary", ":all:", "--requirement", requirements];
    await run(join(partial, "bin", "python"), [...pip, ...pinned], "The clients cannot be had from PyPI");
    await rename(partial, directory).catch(async (error: unknown) => {
      if (!(await isThere(python))) throw error;
    });
    return python;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
