import { beforeEach, expect, test } from "vitest";
import { ConsolePage, operatorAccount } from "../support/browser/console-page.ts";
import { useBrowser } from "../support/browser/use-browser.ts";
import { startNode, type SearchNode } from "../support/node.ts";
import { startPostern, type Postern } from "../support/postern.ts";
import { createEndpoint, Service } from "../support/service.ts";
import { openSessions } from "../support/session.ts";

/** Networks that the kernel carries are on record here, but nothing becomes of them on the host that tests run on. */
const withoutKernel = ["setpriv", "--inh-caps=-net_admin,-sys_admin", "--bounding-set=-net_admin,-sys_admin"];
const isRoot = process.getuid?.() === 0;

let node: SearchNode;
let postern: Postern;
let service: Service;
let shown: ConsolePage;
const browser = useBrowser(async (parts) => {
  node = await startNode({ name: "node-1" });
  parts.defer(() => node.stop());
  postern = await startPostern(isRoot ? { prefix: withoutKernel } : {});
  parts.defer(() => postern.stop());
  service = await Service.open({ api: postern.api }, "logs", [node]);
});
beforeEach(async () => {
  shown = await ConsolePage.open(browser(), postern.endpoint);
  return () => shown.close();
});

const dialog = () => shown.page.getByRole("dialog");
const choose = async (kind: string): Promise<void> => {
  await dialog().getByLabel("Attachment").click();
  await shown.page.getByRole("option", { name: kind }).click();
};
const button = (name: string) => dialog().getByRole("button", { name, exact: true });
const press = (name: string) => button(name).click();

test("a network is created, attached in another way and deleted, each with what that does", async () => {
  const { page } = shown;
  await shown.signIn(operatorAccount, postern.admin, "/networks");
  await page.getByRole("button", { name: "Create network" }).click();
  await dialog().getByLabel("Name").fill("lab");
  await dialog().getByLabel("IPv4 addresses (optional)").fill("10.77.0.0/24");
  await choose("None: nothing is carried");
  await press("Create");
  await page.getByRole("link", { name: "lab" }).click();
  await shown.heading("lab").waitFor();

  await page.getByRole("button", { name: "Attach" }).click();
  await choose("Network interface");
  expect(await button("Attach").isDisabled()).toBe(true);
  await dialog().getByRole("textbox", { name: "Interface" }).fill("pt-absent0");
  await dialog().getByText("No connection is affected.").waitFor();
  await press("Attach");
  await dialog().getByText("No session was cut.").waitFor();
  await press("Close");
  await page.getByText("Network interface pt-absent0").waitFor();

  await page.getByRole("button", { name: "Delete" }).click();
  await dialog().getByText("Network lab (10.77.0.0/24) and its subnets are deleted.").waitFor();
  await press("Delete");
  await shown.heading("Networks").waitFor();
  await page.getByText("Network lab is deleted").waitFor();
  await page.getByText("No session was cut.").waitFor();
  await page.getByRole("link", { name: "default" }).waitFor();
  expect(await page.getByRole("link", { name: "lab" }).count()).toBe(0);
  expect(shown.complaints).toEqual([]);
});

test("what cannot be done is said before it is tried", async () => {
  const { page } = shown;
  await shown.signIn(operatorAccount, postern.admin, "/networks");
  await page.getByRole("link", { name: "default" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await dialog().getByText("This cannot be done").waitFor();
  await dialog().getByText("still has endpoints").waitFor();
  expect(await button("Delete").isDisabled()).toBe(true);
  await press("Cancel");
  await page.getByRole("button", { name: "Attach" }).hover();
  await page.getByText("These addresses exist on loopback only.").filter({ visible: true }).waitFor();
  expect(shown.complaints).toEqual([]);
});

test("figures come by the event stream, and nothing is asked for again", async () => {
  const { page } = shown;
  const endpoint = await service.ownEndpoint();
  await shown.signIn(operatorAccount, postern.admin, "/endpoints");
  const row = page.getByRole("row").filter({ hasText: endpoint.id });
  await row.getByText("0 / 3000").waitFor();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  const sessions = await openSessions(endpoint, 4);
  await row.getByText("4 / 3000").waitFor();
  for (const session of sessions) session.close();
  await row.getByText("0 / 3000").waitFor();
  expect(asked).toEqual([]);
  expect(shown.complaints).toEqual([]);
});

test("an endpoint that somebody else deletes goes from its page and from the list", async () => {
  const { page } = shown;
  const { id } = await createEndpoint({ api: postern.api }, await service.name(), {
    description: "Dashboards",
  });
  await shown.signIn(operatorAccount, postern.admin, `/endpoints/${id}`);
  await page.getByText("It is reachable.").waitFor();
  await postern.api("DELETE", `/postern/v1/{pid}/endpoints/${id}`);
  await page.getByText("This could not be loaded").first().waitFor();
  await shown.heading(id).waitFor();
  expect(await page.getByText("It is reachable.").count()).toBe(0);
  await page.getByRole("link", { name: "Endpoints" }).click();
  await shown.heading("Endpoints (1)").waitFor();
  expect(shown.complaints).toEqual([]);
});

test("whoever signed in by access key creates an endpoint, sees its figures live, and deletes it", async () => {
  const { page } = shown;
  await shown.goto("/endpoints/create");
  await page.getByRole("tab", { name: "Access key" }).click();
  await page.getByLabel("Access key (AK)").fill(postern.admin.access_key);
  await page.getByLabel("Secret key (SK)").fill(postern.admin.secret_key);
  await shown.submit();
  await page.getByLabel("Service name").fill(await service.name());
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByText("It is reachable.").waitFor();
  const id = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  const answer = await postern.api<{ readonly ip: string; readonly port: number }>(
    "GET",
    `/postern/v1/{pid}/endpoints/${id}`,
  );
  const sessions = await openSessions(answer.body, 5);
  // By the event stream: the page asks for it once a minute.
  await page.getByText("5 of 3,000").waitFor();
  await page.getByRole("button", { name: "Delete" }).click();
  await dialog().getByText("This cuts 5 live sessions.").waitFor();
  await press("Delete");
  await shown.heading("Endpoints").waitFor();
  await page.getByText(`Endpoint ${id} is deleted`).waitFor();
  await page.getByText("5 sessions were cut.").waitFor();
  await page.getByRole("button", { name: "Dismiss" }).click();
  await page.getByText(`Endpoint ${id} is deleted`).waitFor({ state: "hidden" });
  expect((await postern.api("GET", `/postern/v1/{pid}/endpoints/${id}`)).status).toBe(404);
  for (const session of sessions) session.close();
  expect(shown.complaints).toEqual([]);
});
