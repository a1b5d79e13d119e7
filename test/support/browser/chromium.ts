import { chromium, type Browser } from "playwright-core";
import { programsObstacle } from "../netns/requirements.ts";

/** Gives in one line the reason why this machine has no browser; "" where it has, or got, Debian's Chromium. */
export async function browserObstacle(): Promise<string> {
  if (process.platform !== "linux") return "The browser of these tests is Debian's Chromium";
  return await programsObstacle(["chromium"]);
}

/** Starts Chromium without a window. It ends with this process, too. */
export async function launchBrowser(): Promise<Browser> {
  // Its sandbox needs rights that containers do not have; it sees nothing here but the console.
  return await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
}
