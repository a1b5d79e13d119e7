import { beforeEach, expect, test } from "vitest";
import { ClusterView } from "../support/browser/cluster-view.ts";
import { ConsolePage } from "../support/browser/console-page.ts";
import { ShownSystem } from "../support/browser/shown-system.ts";
import { useBrowser } from "../support/browser/use-browser.ts";
import { eventually } from "../support/eventually.ts";
import { createEndpoint, ok, type Endpoint } from "../support/service.ts";
import { openSessions, refusalOf, type Session } from "../support/session.ts";

let system: ShownSystem;
let shown: ConsolePage;
let cluster: ClusterView;
const browser = useBrowser(async (parts) => {
  system = await ShownSystem.start();
  parts.defer(() => system.stop());
});
beforeEach(async () => {
  shown = await ConsolePage.open(browser(), system.postern.endpoint);
  cluster = new ClusterView(shown);
  const { owner, service } = system;
  await shown.signIn(owner.account, owner.admin, `/clusters/${service.clusterId}`);
  return () => shown.close();
});

/** An endpoint of the guest's that the owner has accepted. */
async function accepted(): Promise<Endpoint> {
  const { guest, service } = system;
  const endpoint = await createEndpoint(guest, await service.name());
  ok(await service.decide("receive", endpoint.id));
  return endpoint;
}

async function expectCut(sessions: readonly Session[]): Promise<void> {
  await eventually(() => sessions.every(({ death }) => death !== undefined), {
    what: "the end of the sockets",
  });
}

test("several connections are accepted at once, and cut off at once", async () => {
  const { guest, service } = system;
  const name = await service.name();
  const endpoints = [await createEndpoint(guest, name), await createEndpoint(guest, name)];
  const ids = endpoints.map(({ id }) => id);
  await cluster.select(...ids);
  const acceptance = await cluster.ask("Accept");
  await acceptance.getByText("Accept 2 connections?").waitFor();
  await cluster.confirm(acceptance, "Accept", ids, "No session was cut.");
  for (const id of ids) await cluster.row(id).getByText("Accepted").waitFor();

  const sessions = (await Promise.all(endpoints.map((endpoint) => openSessions(endpoint, 5)))).flat();
  for (const id of ids) await cluster.row(id).getByText("5 / 3000", { exact: true }).waitFor();
  await cluster.select(...ids);
  const rejection = await cluster.ask("Reject");
  const says = ["Reject 2 connections?", "This cuts 10 live sessions.", ...ids];
  await cluster.confirm(rejection, "Reject", says, "10 sessions were cut.");
  for (const id of ids) await cluster.row(id).getByText("Rejected").waitFor();
  await expectCut(sessions);
  expect(shown.complaints).toEqual([]);
});

test("a * is loud; who is taken off the whitelist is cut off, refused, and on record", async () => {
  const { guest, owner } = system;
  const endpoint = await accepted();
  const sessions = await openSessions(endpoint, 4);
  await cluster.tab("Whitelist");
  await shown.page.getByLabel("Account to admit").fill("*");
  await shown.page.getByText("admits every account of this installation").first().waitFor();
  const opening = await cluster.ask("Add to the whitelist");
  const warning = ["Let every account connect?", "A * admits every account"];
  await cluster.confirm(opening, "Add to the whitelist", warning, "No session was cut.");
  await shown.page.getByText("Everybody may connect").waitFor();
  expect(sessions.every(({ death }) => death === undefined)).toBe(true);

  await cluster.select("Everybody", guest.account);
  const closing = await cluster.ask("Remove");
  const says = [`This account loses access: ${guest.account}`, endpoint.id, "is cut off (4 sessions)"];
  await cluster.confirm(closing, "Remove", says, "sessions were cut.");
  await shown.page.getByText("Everybody may connect").waitFor({ state: "hidden" });
  await shown.page.getByText("no account but yours can connect").waitFor();
  await expectCut(sessions);

  expect(await refusalOf(endpoint)).toBe("ECONNRESET");
  await cluster.tab("Refusals");
  const refusal = cluster.row(endpoint.id);
  await refusal.getByText("not_whitelisted").waitFor();
  await refusal.getByText("127.0.0.1").waitFor();

  await cluster.tab("Audit");
  const entry = cluster.row("UpdateVpcepWhitelist").first();
  await entry.getByText(owner.admin.user).waitFor();
  await entry.getByText("127.0.0.1").waitFor();
  expect(shown.complaints).toEqual([]);
});

test("a node is drained, a session ended, the service closed, and the cluster removed", async () => {
  const { service, nodes, postern } = system;
  const [node] = nodes;
  const own = await service.ownEndpoint();
  await cluster.tab("Nodes");
  const row = cluster.row(node?.url ?? "");
  const drain = await cluster.ask(row.getByRole("button", { name: "Drain" }));
  await cluster.confirm(drain, "Drain", [`Drain ${node?.url}?`], "No session was cut.");
  await row.getByText("drain").first().waitFor();
  await cluster.tab("Picture");
  const edge = cluster.edge(new RegExp(`^127.0.0.1:${node?.port}: .* · drain(ed|ing)\\.`, "i"));
  await edge.waitFor();
  // Dotted, and not red as a dead one is.
  expect(await edge.getAttribute("class")).toContain("drained");
  const before = node?.raw.open;
  const sessions = await openSessions(own, 4);
  expect(node?.raw.open).toBe(before);

  await cluster.tab("Nodes");
  const undrain = await cluster.ask(row.getByRole("button", { name: "Undrain" }));
  await cluster.confirm(undrain, "Undrain", [`Let ${node?.url} take sessions again?`], "No session was cut.");
  await row.getByText("serving").waitFor();

  await cluster.tab("Sessions");
  const open = (): number => nodes.reduce((sum, { raw }) => sum + raw.open, 0);
  const opened = open();
  await cluster.row(own.id).first().getByRole("checkbox").check();
  const ending = await cluster.ask("End");
  await ending.getByText("It is cut at both ends.").waitFor();
  await ending.getByRole("button", { name: "End", exact: true }).click();
  await ending.getByText("1 session was ended.").waitFor();
  await ending.getByText("Close", { exact: true }).click();
  await eventually(() => open() === opened - 1, { what: "the end of one session" });

  const closing = await cluster.ask("Close service");
  const says = ["Close the endpoint service of logs?", "Every session is cut.", own.id];
  await cluster.confirm(closing, "Close service", says, "sessions were cut.");
  await shown.page.getByText("Closed", { exact: true }).waitFor();
  await expectCut(sessions);
  await eventually(() => open() === 0, { what: "the end of the nodes' sockets" });

  const removal = await cluster.ask("Remove cluster");
  const names = ["Remove cluster logs?", "The registration of logs", own.id];
  for (const text of names) await removal.getByText(text).first().waitFor();
  const refused: string[] = [];
  shown.page.on("response", (answer) => {
    if (answer.status() >= 400) refused.push(`${answer.status()} ${answer.url()}`);
  });
  await removal.getByRole("button", { name: "Remove cluster", exact: true }).click();
  await shown.heading("Clusters").waitFor();
  await shown.page.getByText("Cluster logs is removed").waitFor();
  await shown.page.getByText("No session was cut.").waitFor();
  await cluster.row("logs").waitFor({ state: "hidden" });
  expect(refused).toEqual([]);
  expect((await postern.api("GET", `/postern/v1/{pid}/clusters/${service.clusterId}`)).status).toBe(403);
  expect(shown.complaints).toEqual([]);
});
