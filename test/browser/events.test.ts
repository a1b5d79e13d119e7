import { beforeEach, expect, test } from "vitest";
import { ConsolePage, operatorAccount } from "../support/browser/console-page.ts";
import { useBrowser } from "../support/browser/use-browser.ts";
import { eventually } from "../support/eventually.ts";
import { startNode, type SearchNode } from "../support/node.ts";
import { startPostern, type Postern } from "../support/postern.ts";
import { Service } from "../support/service.ts";
import { WebhookReceiver } from "../support/webhook-receiver.ts";

let node: SearchNode;
let postern: Postern;
let shown: ConsolePage;
const browser = useBrowser(async (parts) => {
  node = await startNode({ name: "node-1" });
  parts.defer(() => node.stop());
  postern = await startPostern({ args: ["--webhook-allow", "127.0.0.0/8"] });
  parts.defer(() => postern.stop());
});
beforeEach(async () => {
  shown = await ConsolePage.open(browser(), postern.endpoint);
  return () => shown.close();
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
