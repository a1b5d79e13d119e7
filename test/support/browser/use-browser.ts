import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { browserObstacle, launchBrowser } from "./chromium.ts";

/**
 * Gives the tests of a file a browser, and what it is to look at. Where there is no browser they are skipped, with the
 * reason.
 * @param start makes what is looked at; what it defers is done when the tests are over, after the browser is closed
 * @returns what gives the browser to a test
 */
export function useBrowser(start: (parts: AsyncDisposableStack) => Promise<void>): () => Browser {
  const parts = new AsyncDisposableStack();
  let obstacle = "";
  let browser: Browser | undefined;
  beforeAll(async () => {
    obstacle = await browserObstacle();
    if (obstacle !== "") return;
    await start(parts);
    browser = await launchBrowser();
    parts.adopt(browser, (each) => each.close());
  });
  beforeEach(({ skip }) => skip(obstacle !== "", obstacle));
  afterAll(() => parts.disposeAsync());
  return () => {
    if (!browser) throw new Error("There is a browser only while a test runs.");
    return browser;
  };
}
