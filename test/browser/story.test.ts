import { expect, test } from "vitest";
import { ConsolePage } from "../support/browser/console-page.ts";
import { ShownSystem } from "../support/browser/shown-system.ts";
import { useBrowser } from "../support/browser/use-browser.ts";
import { ok, showEndpoint, type Endpoint } from "../support/service.ts";
import { openSessions } from "../support/session.ts";

let system: ShownSystem;
const browser = useBrowser(async (parts) => {
  system = await ShownSystem.start();
  parts.defer(() => system.stop());
});

test("a consumer creates an endpoint, sees it accepted, carrying, rejected and cut, and deletes it", async () => {
  const { guest, service, postern } = system;
  const shown = await ConsolePage.open(browser(), postern.endpoint);
  const { page } = shown;
  const name = await service.name();
  await shown.signIn(guest.account, guest.admin, `/endpoints/create?service=${name}`);
  await page.getByText("used, ").waitFor();
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByText("The owner of the service has to accept it").waitFor();
  const id = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  const endpoint: Endpoint = await showEndpoint(guest, id);

  ok(await service.decide("receive", id));
  await page.getByText("It is reachable.").waitFor();
  await page.getByText(`curl 'http://${endpoint.ip}:${endpoint.port}/'`).waitFor();

  const sessions = await openSessions(endpoint, 7);
  await page.getByText("7 of 3,000").waitFor();
  await page.getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("This cuts 7 live sessions.").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();

  ok(await service.decide("reject", id));
  await page.getByText("The owner of the service has rejected it").waitFor();
  await page.getByText("0 of 3,000").waitFor();
  for (const session of sessions) session.close();

  await page.getByRole("button", { name: "Delete" }).click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await shown.heading("Endpoints").waitFor();
  await page.getByText(`Endpoint ${id} is deleted`).waitFor();
  expect((await guest.api("GET", `/postern/v1/{pid}/endpoints/${id}`)).status).toBe(404);
  expect(shown.complaints).toEqual([]);
  await shown.close();
});
