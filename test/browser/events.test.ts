import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { browserObstacle, launchBrowser } from "../support/browser/chromium.ts";
import { ConsolePage, operatorAccount } from "../support/browser/console-page.ts";
import { eventually } from "../support/eventually.ts";
import { startNode, type SearchNode } from "../support/node.ts";
import { startPostern, type Postern } from "../support/postern.ts";
import { Service } from "../support/service.ts";
import { WebhookReceiver } from "../support/webhook-receiver.ts";

const obstacle = await browserObstacle();
let node: SearchNode;
let postern: Postern;
let browser: Browser;
let shown: ConsolePage;
beforeAll(async () => {
  if (obstacle !== "") return;
  node = await startNode({ name: "node-1" });
  postern = await startPostern({ args: ["--webhook-allow", "127.0.0.0/8"] });
  browser = await launchBrowser();
});
beforeEach(async ({ skip }) => {
  skip(obstacle !== "", obstacle);
  shown = await ConsolePage.open(browser, postern.endpoint);
  return () => shown.close();
});
afterAll(async () => {
  await browser?.close();
  await postern?.stop();
  await node?.stop();
});

test("what happens is there as it happens, and leads to what it is about", async () => {
  const { page } = shown;
  await shown.signIn(operatorAccount, postern.admin, "/activity");
  await shown.heading("Activity").waitFor();
  await page.getByText("Nothing has happened yet").waitFor();
  const { clusterId } = await Service.open({ api: postern.api }, "logs", [node]);
  const opened = page.getByRole("row").filter({ hasText: "A service was opened" });
  await opened.waitFor();
  await page.getByText("An endpoint is reachable").waitFor();
  await opened.getByRole("link").click();
  await shown.heading("logs").waitFor();
  expect(new URL(page.url()).pathname).toBe(`/console/clusters/${clusterId}/connections`);
  expect(shown.complaints).toEqual([]);
});

test("a webhook is added with its secret, tried, helped when it was away, and deleted", async () => {
  const { page } = shown;
  const dialog = page.getByRole("dialog");
  const press = (name: string) => dialog.getByRole("button", { name, exact: true }).click();
  const receiver = await WebhookReceiver.start();
  await shown.signIn(operatorAccount, postern.admin, "/webhooks");
  await page.getByText("No webhooks").waitFor();
  await page.getByRole("button", { name: "Add webhook" }).click();
  await dialog.getByLabel("URL").fill(receiver.url);
  await dialog.getByRole("button", { name: "Kinds" }).click();
  await page.getByRole("option", { name: "service.opened" }).click();
  await page.keyboard.press("Escape");
  await press("Add");
  await dialog.getByText("It is shown this once").waitFor();
  receiver.trust((await dialog.getByText(/^whsec_/).textContent()) ?? "");
  await press("Close");

  await page.getByRole("link", { name: receiver.url }).click();
  await page.getByRole("button", { name: "Send a test message" }).click();
  await dialog.getByText("It arrived: HTTP 204").waitFor();
  await press("Close");

  await receiver.stop();
  await Service.open({ api: postern.api }, "metrics", [node]);
  const again = page.getByRole("button", { name: /^Send service\.opened of service\/\S+ again$/ });
  await page.getByText("ECONNREFUSED").first().waitFor();
  await receiver.start();
  await again.click();
  await again.waitFor({ state: "hidden" });
  await eventually(() => receiver.received.some(({ type }) => type === "service.opened"), {
    what: "the message",
  });
  expect(receiver.forged).toBe(0);

  await page.getByRole("button", { name: "Turn off" }).click();
  await page.getByRole("button", { name: "Turn on" }).waitFor();
  await page.getByRole("button", { name: "Delete" }).click();
  await dialog.getByText(`${receiver.url} hears of nothing any more.`).waitFor();
  await press("Delete");
  await page.getByText("No webhooks").waitFor();
  const listed = await postern.api<{ readonly total_count: number }>("GET", "/postern/v1/{pid}/webhooks");
  expect(listed.body.total_count).toBe(0);
  expect(shown.complaints).toEqual([]);
  await receiver.stop();
});
