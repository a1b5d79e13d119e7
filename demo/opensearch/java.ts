import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { runGuarded } from "../../test/support/guarded-process.ts";

export type Java = { readonly home: string; readonly major: number };

/** Tells whether a program of that name can be run from PATH. */
export async function isInPath(program: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const tries = folders.map((folder) => access(join(folder, program), constants.X_OK));
  return await Promise.any(tries).then(
    () => true,
    () => false,
  );
}

/** Reads what `java -XshowSettings:properties -version` prints: "17" is 17, "1.8" is 8. */
export function parseJavaProperties(text: string): Java | undefined {
  const home = /^\s*java\.home = (.+)$/m.exec(text)?.[1]?.trim();
  const version = /^\s*java\.specification\.version = (?:1\.)?(\d+)/m.exec(text)?.[1];
  return home !== undefined && version !== undefined ? { home, major: Number(version) } : undefined;
}

/** The Java that JAVA_HOME or PATH names, or undefined where there is none that runs. */
export async function findJava(environment: NodeJS.ProcessEnv): Promise<Java | undefined> {
  const javaHome = environment["JAVA_HOME"];
  const command = javaHome ? join(javaHome, "bin", "java") : "java";
  try {
    const args = ["-XshowSettings:properties", "-version"];
    const { output } = await runGuarded(command, args, { env: environment, timeoutMs: 20_000 });
    return parseJavaProperties(output);
  } catch {
    return undefined;
  }
}
