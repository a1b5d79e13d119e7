import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { themes, type ConsolePage } from "./console-page.ts";

type Violation = {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly html: string }[];
};

const script = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What axe-core finds wrong with the page as it is now, in both themes; a line each, at most 20 of a theme. */
export async function accessibilityViolations(shown: ConsolePage): Promise<readonly string[]> {
  const { page } = shown;
  // By the debugger, which the page's policy does not hold for.
  if (await page.evaluate("!globalThis.axe")) await page.evaluate(await readFile(script, "utf8"));
  const found: string[] = [];
  for (const theme of themes) {
    await shown.wear(theme);
    // Nothing but colours is another in the second.
    const rules =
      theme === "light"
        ? {}
        : { runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } };
    const options = JSON.stringify({ resultTypes: ["violations"], ...rules });
    const violations = await page.evaluate<readonly Violation[]>(
      `axe.run(document, ${options}).then(({ violations }) => violations)`,
    );
    const lines = violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, html }) => `${theme}: ${id}: ${help}: ${target.join(" ")}: ${html.slice(0, 200)}`),
    );
    found.push(...lines.slice(0, 20));
  }
  await shown.wear("light");
  return found;
}
