/**
 * `npm run screenshots`: writes a picture of every page of the console, in both themes, to docs/screenshots/. The two
 * that the README shows are in the repository; the others are for whoever changes a page.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { browserObstacle, launchBrowser } from "../test/support/browser/chromium.ts";
import { ConsolePage, type Theme } from "../test/support/browser/console-page.ts";
import { ShownSystem } from "../test/support/browser/shown-system.ts";

const directory = join(import.meta.dirname, "../docs/screenshots");
const themes: readonly Theme[] = ["light", "dark"];

async function photograph(system: ShownSystem): Promise<void> {
  const browser = await launchBrowser();
  try {
    for (const theme of themes) {
      for (const person of [system.owner, system.guest]) {
        const shown = await ConsolePage.open(browser, system.postern.endpoint, { theme });
        await shown.signIn(person.account, person.admin);
        for (const { name, path } of (await system.routes()).filter((route) => route.person === person)) {
          await shown.goto(path);
          await shown.untilLoaded();
          await shown.page.screenshot({ path: join(directory, `${name}-${theme}.png`) });
          process.stdout.write(`${name}-${theme}.png\n`);
        }
        await shown.close();
      }
    }
  } finally {
    await browser.close();
  }
}

const obstacle = await browserObstacle();
if (obstacle !== "") throw new Error(obstacle);
await mkdir(directory, { recursive: true });
const system = await ShownSystem.start();
try {
  await photograph(system);
} finally {
  await system.stop();
}
