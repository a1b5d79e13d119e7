import { expect, test } from "vitest";
import { ClusterView } from "../support/browser/cluster-view.ts";
import { ConsolePage, operatorAccount } from "../support/browser/console-page.ts";
import { useBrowser } from "../support/browser/use-browser.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { startNode, type SearchNode } from "../support/node.ts";
import { startPostern, type Postern } from "../support/postern.ts";
import { showEndpoint } from "../support/service.ts";
import { openSessions, refusalOf } from "../support/session.ts";
import { createTenant } from "../support/tenant.ts";

const guestAccount = "team-search";
let postern: Postern;
let nodes: SearchNode[];
const browser = useBrowser(async (parts) => {
  nodes = [await startNode({ name: "node-1" }), await startNode({ name: "node-2" })];
  parts.defer(async () => void (await Promise.all(nodes.map((node) => node.stop()))));
  postern = await startPostern();
  parts.defer(() => postern.stop());
});

/** By the form, from the list of clusters on. */
async function register(shown: ConsolePage, name: string): Promise<void> {
  const { page } = shown;
  await page.getByRole("button", { name: "Register cluster" }).click();
  await shown.heading("Register a cluster").waitFor();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("textbox", { name: "Nodes" }).fill(nodes.map(({ url }) => url).join("\n"));
  await page.getByLabel("Port of the endpoints").fill(String(await freePort("0.0.0.0")));
  await page.getByRole("button", { name: "Ask the nodes" }).click();
  await page.getByText("Nothing is saved yet").waitFor();
  await page.getByRole("button", { name: "Register", exact: true }).click();
  await shown.heading(name).waitFor();
}

/** With approval and private names; gives the service name as it gets into the clipboard. */
async function open(shown: ConsolePage, cluster: ClusterView): Promise<string> {
  const { page } = shown;
  const dialog = await cluster.ask("Open service");
  await dialog.getByLabel("Approve each connection").check();
  await dialog.getByLabel("Private names").check();
  await dialog.getByRole("button", { name: "Open service" }).click();
  await dialog.waitFor({ state: "hidden" });
  await page.getByText("basic · private names · IPv4 only").waitFor();
  await page.getByText("wait until you accept them").waitFor();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy Service name" }).click();
  await page.getByText("Copied").waitFor();
  return await page.evaluate<string>("navigator.clipboard.readText()");
}

/** By the form, which is open; gives the endpoint's id. */
async function createEndpoint({ page }: ConsolePage, service: string): Promise<string> {
  await page.getByLabel("Service name").fill(service);
  await page.getByText("used, ").waitFor();
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByText("The owner of the service has to accept it").waitFor();
  return new URL(page.url()).pathname.split("/").at(-1) ?? "";
}

test("an owner registers, opens, admits, accepts, sees the load, and cuts it off", async () => {
  const guest = await createTenant(postern, guestAccount);
  const owners = await ConsolePage.open(browser(), postern.endpoint);
  const cluster = new ClusterView(owners);
  await owners.signIn(operatorAccount, postern.admin);
  await register(owners, "logs");
  const service = await open(owners, cluster);

  const guests = await ConsolePage.open(browser(), postern.endpoint);
  await guests.signIn(guestAccount, guest.admin);
  await guests.page.getByRole("link", { name: "Endpoints" }).click();
  await guests.page.getByRole("link", { name: "Create endpoint" }).first().click();
  await guests.heading("Create endpoint").waitFor();
  const account = guest.admin.account_id;
  await guests.page.getByText(account).waitFor();

  await cluster.tab("Whitelist");
  await owners.page.getByLabel("Account to admit").fill(account);
  const admission = await cluster.ask("Add to the whitelist");
  await cluster.confirm(admission, "Add to the whitelist", ["cuts no session"], "No session was cut.");
  await cluster.row(guestAccount).getByText(account).waitFor();

  await cluster.tab("Connections");
  const id = await createEndpoint(guests, service);
  const endpoint = await showEndpoint(guest, id);
  const row = cluster.row(id);
  // The owner has not reloaded anything.
  await row.getByText("Waits for you").waitFor();
  expect(await refusalOf(endpoint)).toBe("ECONNRESET");

  await cluster.select(id);
  await cluster.confirm(await cluster.ask("Accept"), "Accept", [id, "is admitted"], "No session was cut.");
  await row.getByText("Accepted").waitFor();
  await guests.page.getByText("It is reachable.").waitFor();

  const sessions = await openSessions(endpoint, 40);
  await Promise.all(sessions.map((session) => session.echo("x".repeat(20_000))));
  await row.getByText("40 / 3000").waitFor();
  await row.getByText(/^8\d\d(\.\d)? kB \/ 8\d\d(\.\d)? kB$/).waitFor();
  await guests.page.getByText("40 of 3,000").waitFor();
  await cluster.tab("Picture");
  await cluster.edge(/: 40 sessions · /).waitFor();
  for (const { port, raw } of nodes) await cluster.edge(`127.0.0.1:${port}: ${raw.open} session`).waitFor();

  await cluster.tab("Connections");
  await cluster.select(id);
  const rejection = await cluster.ask("Reject");
  await cluster.confirm(rejection, "Reject", [id, "cuts 40 live sessions"], "40 sessions were cut.");
  await row.getByText("Rejected").waitFor();
  await row.getByText("0 / 3000", { exact: true }).waitFor();
  await guests.page.getByText("0 of 3,000", { exact: true }).waitFor();
  await guests.page.getByText("The owner of the service has rejected it").waitFor();
  await eventually(() => sessions.every(({ death }) => death === "ECONNRESET"), {
    what: "the end of the guest's sockets",
  });
  await eventually(() => nodes.every(({ raw }) => raw.open === 0), { what: "the end of the nodes' sockets" });
  expect(await refusalOf(endpoint)).toBe("ECONNRESET");
  expect([...owners.complaints, ...guests.complaints]).toEqual([]);
  await owners.close();
  await guests.close();
});
