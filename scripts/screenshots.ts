/**
 * `npm run screenshots`: writes a picture of every page of the console, in both themes, to docs/screenshots/. The two
 * that the README shows are in the repository; the others are for whoever changes a page.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { browserObstacle, launchBrowser } from "../test/support/browser/chromium.ts";
import { ConsolePage, themes } from "../test/support/browser/console-page.ts";
import { routesOf } from "../test/support/browser/routes.ts";
import { ShownSystem } from "../test/support/browser/shown-system.ts";

const directory = join(import.meta.dirname, "../docs/screenshots");

async function photograph(system: ShownSystem): Promise<void> {
  const browser = await launchBrowser();
  try {
    for (const person of [system.owner, system.guest]) {
      const shown = await ConsolePage.open(browser, system.postern.endpoint);
      await shown.signIn(person.account, person.admin);
      for (const route of (await routesOf(system)).filter((each) => each.person === person)) {
        await shown.show(route);
        for (const theme of themes) {
          await shown.wear(theme);
          const file = `${route.name}-${theme}.png`;
          await shown.page.screenshot({ path: join(directory, file) });
          process.stdout.write(`${file}\n`);
        }
        await shown.wear("light");
      }
      await shown.close();
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
