import type { Page } from "playwright-core";
import { ok } from "../service.ts";
import type { View } from "./console-page.ts";
import type { Person, ShownSystem } from "./shown-system.ts";

/** A view of the console, and who sees most in it. */
export type Route = View & { readonly name: string; readonly person: Person };

type Routes = readonly Omit<Route, "person">[];

/** Every page and every dialog of the console. */
export async function routesOf(system: ShownSystem): Promise<readonly Route[]> {
  const { owner, guest } = system;
  return [
    ...ownerRoutes(system).map((route) => ({ ...route, person: owner })),
    ...endpointRoutes(system).map((route) => ({ ...route, person: guest })),
    ...(await networkRoutes(system)).map((route) => ({ ...route, person: guest })),
  ];
}

function ownerRoutes(system: ShownSystem): Routes {
  const { nodes, closed, troubled, webhookId } = system;
  return [
    { name: "clusters", path: "/clusters" },
    { name: "register", path: "/clusters/register" },
    { name: "register-asked", path: "/clusters/register", act: (page) => askNodes(page, nodes) },
    ...clusterRoutes(system),
    { name: "picture-trouble", path: `/clusters/${troubled.clusterId}/picture` },
    { name: "nodes-trouble", path: `/clusters/${troubled.clusterId}/nodes` },
    { name: "whitelist-everybody", path: `/clusters/${troubled.clusterId}/whitelist` },
    { name: "cluster-closed", path: `/clusters/${closed.clusterId}` },
    { name: "service-open", path: `/clusters/${closed.clusterId}`, act: pressing("Open service") },
    { name: "gateways", path: "/gateways" },
    { name: "activity", path: "/activity" },
    { name: "webhooks", path: "/webhooks" },
    { name: "webhook-add", path: "/webhooks", act: pressing("Add webhook") },
    { name: "webhook", path: `/webhooks/${webhookId}` },
    { name: "webhook-delete", path: `/webhooks/${webhookId}`, act: pressing("Delete") },
    { name: "not-found", path: "/nowhere" },
  ];
}

function clusterRoutes({ service, endpoints }: ShownSystem): Routes {
  const path = `/clusters/${service.clusterId}`;
  const { accepted, pendingAcceptance } = endpoints;
  return [
    { name: "connections", path },
    {
      name: "connections-reject",
      path,
      act: selecting([accepted.id, pendingAcceptance.id], "Reject"),
    },
    { name: "connection-caps", path, act: selecting([accepted.id], "Change caps") },
    { name: "connection-note", path, act: selecting([accepted.id], "Change note") },
    { name: "picture", path: `${path}/picture` },
    { name: "whitelist", path: `${path}/whitelist` },
    {
      name: "whitelist-add",
      path: `${path}/whitelist`,
      act: async (page) => {
        await page.getByLabel("Account to admit").fill("*");
        await pressing("Add to the whitelist")(page);
      },
    },
    { name: "nodes", path: `${path}/nodes` },
    { name: "nodes-drain", path: `${path}/nodes`, act: pressing(/^Drain /) },
    { name: "sessions", path: `${path}/sessions` },
    {
      name: "sessions-end",
      path: `${path}/sessions`,
      act: async (page) => {
        await page.getByRole("row").nth(1).getByRole("checkbox").check();
        await pressing("End")(page);
      },
    },
    { name: "refusals", path: `${path}/refusals` },
    { name: "audit", path: `${path}/audit` },
    {
      name: "audit-changes",
      path: `${path}/audit`,
      act: (page) =>
        page
          .getByRole("button", { name: /change/ })
          .first()
          .click(),
    },
    { name: "service-change", path, act: pressing("Change service") },
    { name: "service-close", path, act: pressing("Close service") },
    { name: "cluster-remove", path, act: pressing("Remove cluster") },
  ];
}

function endpointRoutes({ endpoints: { accepted, rejected } }: ShownSystem): Routes {
  return [
    { name: "endpoints", path: "/endpoints" },
    { name: "endpoint-create", path: "/endpoints/create" },
    { name: "endpoint", path: `/endpoints/${accepted.id}` },
    { name: "endpoint-rejected", path: `/endpoints/${rejected.id}` },
    { name: "endpoint-delete", path: `/endpoints/${accepted.id}`, act: pressing("Delete") },
  ];
}

async function networkRoutes({ guest }: ShownSystem): Promise<Routes> {
  type Vpcs = { readonly vpcs: readonly { readonly id: string; readonly name: string }[] };
  const { vpcs } = ok(await guest.api<Vpcs>("GET", "/postern/v1/{pid}/vpcs"));
  const pathOf = (name: string): string => `/networks/${vpcs.find((vpc) => vpc.name === name)?.id}`;
  return [
    { name: "networks", path: "/networks" },
    { name: "network-create", path: "/networks", act: pressing("Create network") },
    { name: "network", path: pathOf("default") },
    { name: "network-delete", path: pathOf("default"), act: pressing("Delete") },
    { name: "network-unattached", path: pathOf("reports") },
    { name: "network-attach", path: pathOf("reports"), act: pressing("Attach") },
  ];
}

/** Presses the first button of this name, and waits for the dialog and for what it foretells. */
function pressing(name: string | RegExp): (page: Page) => Promise<void> {
  return async (page) => {
    await page.getByRole("button", { name, exact: true }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    await dialog.getByText("Looking what this would do").waitFor({ state: "hidden" });
  };
}

/** Ticks the rows of these names, and presses a button. */
function selecting(names: readonly string[], button: string): (page: Page) => Promise<void> {
  return async (page) => {
    for (const name of names) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
    await pressing(button)(page);
  };
}

async function askNodes(page: Page, nodes: ShownSystem["nodes"]): Promise<void> {
  await page.getByLabel("Name", { exact: true }).fill("billing");
  await page.getByRole("textbox", { name: "Nodes" }).fill(nodes.map(({ url }) => url).join("\n"));
  await page.getByRole("button", { name: "Ask the nodes" }).click();
  await page.getByText("Nothing is saved yet").waitFor();
}
