import { readdir, stat } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { accessibilityViolations } from "../support/browser/accessibility.ts";
import { browserObstacle, launchBrowser } from "../support/browser/chromium.ts";
import { ConsolePage, type Theme } from "../support/browser/console-page.ts";
import { ShownSystem } from "../support/browser/shown-system.ts";

const obstacle = await browserObstacle();
const scriptLimitBytes = 450_000;

let system: ShownSystem;
let browser: Browser;
beforeAll(async () => {
  if (obstacle !== "") return;
  system = await ShownSystem.start();
  browser = await launchBrowser();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));
afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

describe.each<Theme>(["light", "dark"])("in the %s theme", (theme) => {
  test("no page has a violation that axe-core finds, nor an error", async () => {
    const found: string[] = [];
    for (const person of [system.owner, system.guest]) {
      const shown = await ConsolePage.open(browser, system.postern.endpoint, { theme });
      await shown.goto("/clusters");
      await shown.heading("Sign in to Postern").waitFor();
      found.push(...(await accessibilityViolations(shown.page)).map((line) => `sign-in: ${line}`));
      await shown.signIn(person.account, person.admin);
      for (const route of await system.routes()) {
        if (route.person !== person) continue;
        await shown.goto(route.path);
        await shown.untilLoaded();
        found.push(...(await accessibilityViolations(shown.page)).map((line) => `${route.name}: ${line}`));
      }
      found.push(...shown.complaints);
      await shown.close();
    }
    expect(found).toEqual([]);
  });
});

test("every section is reached and read without a mouse", async () => {
  const shown = await ConsolePage.open(browser, system.postern.endpoint);
  await shown.signIn(system.owner.account, system.owner.admin);
  for (const name of ["Endpoints", "Networks", "Gateways", "Activity", "Webhooks", "Clusters"]) {
    await shown.tabTo(name);
    await shown.page.keyboard.press("Enter");
    await shown.heading(name).waitFor();
  }
  expect(shown.complaints).toEqual([]);
  await shown.close();
});

test("a first view is there in 1.5 s, and all script together is small", async () => {
  const shown = await ConsolePage.open(browser, system.postern.endpoint);
  await shown.goto("/clusters");
  await shown.heading("Sign in to Postern").waitFor();
  // The entry comes some time after the paint.
  const paintedMs = await shown.page.evaluate<number>(
    `new Promise((resolve) => new PerformanceObserver((list) => {
      for (const entry of list.getEntriesByName("first-contentful-paint")) resolve(entry.startTime);
    }).observe({ type: "paint", buffered: true }))`,
  );
  expect(paintedMs).toBeLessThan(1_500);
  await shown.close();
  const assets = new URL("../../console/dist/assets/", import.meta.url);
  const scripts = (await readdir(assets)).filter((name) => name.endsWith(".js.gz"));
  const sizes = await Promise.all(scripts.map(async (name) => (await stat(new URL(name, assets))).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(scriptLimitBytes);
  expect(sizes).not.toEqual([]);
});
