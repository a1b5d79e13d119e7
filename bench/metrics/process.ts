import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const executable = fileURLToPath(new URL("../../bin/postern", import.meta.url));

const patienceMs = 120_000;

/** Resolves once a process tells so many lines that begin so. @throws after two minutes */
export async function untilItTells(url: string, beginning: string, lines: number): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const text = await fetch(url).then(
      (answer) => answer.text(),
      () => "",
    );
    if (text.split(`\n${beginning}`).length - 1 >= lines) return;
    if (performance.now() > deadline)
      throw new Error(`${url} does not tell ${lines} ${beginning} after 2 min.`);
    await delay(200);
  }
}
