import { expect, test } from "vitest";
import { ConsolePage, operatorAccount } from "../support/browser/console-page.ts";
import { useBrowser } from "../support/browser/use-browser.ts";
import { eventually } from "../support/eventually.ts";
import { startPostern, type Postern } from "../support/postern.ts";

let postern: Postern;
const browser = useBrowser(async (parts) => {
  postern = await startPostern();
  parts.defer(() => postern.stop());
});

test("a page says that the server is away, keeps what it shows, and goes on where it was when it is back", async () => {
  const shown = await ConsolePage.open(browser(), postern.endpoint);
  await shown.signIn(operatorAccount, postern.admin, "/gateways");
  await shown.page.getByText("up to date").waitFor();
  // The stream tells its position before anything happens.
  const resumed = shown.page.waitForRequest((request) => request.headers()["last-event-id"] !== undefined);
  const { server } = await postern.pids();
  process.kill(server, "SIGKILL");
  // It is back at once: the page waits a second before it asks again.
  const notice = shown.page.getByText("The server does not answer").first();
  await notice.waitFor();
  expect(await shown.page.getByText("up to date").isVisible()).toBe(true);
  await notice.waitFor({ state: "hidden" });
  expect(new URL((await resumed).url()).pathname).toMatch(/\/events$/);
  await shown.page.getByText("up to date").waitFor();
  expect((await postern.pids()).server).not.toBe(server);
  await shown.close();
});

test("a gateway that is silent is shown so, and for how long, until it is heard of again", async () => {
  const shown = await ConsolePage.open(browser(), postern.endpoint);
  const { page } = shown;
  await shown.signIn(operatorAccount, postern.admin, "/gateways");
  await page.getByText("Just now").waitFor();
  const { gateway } = await postern.pids();
  process.kill(gateway, "SIGSTOP");
  try {
    await page.getByText("Not connected").waitFor({ timeout: 30_000 });
    const age = page.getByRole("cell", { name: / s ago$/ });
    await age.waitFor();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    const countsOn = async (): Promise<boolean> => {
      asked.splice(0);
      const before = await age.textContent();
      await eventually(async () => (await age.textContent()) !== before);
      return asked.length === 0;
    };
    await eventually(countsOn, { what: "an age that counts without being asked for" });
  } finally {
    process.kill(gateway, "SIGCONT");
  }
  await page.getByText("Just now").waitFor({ timeout: 30_000 });
  expect(await page.getByText("Not connected").count()).toBe(0);
  expect(shown.complaints).toEqual([]);
  await shown.close();
});
