import { beforeEach, expect, test } from "vitest";
import { ConsolePage } from "../support/browser/console-page.ts";
import { ShownSystem } from "../support/browser/shown-system.ts";
import { useBrowser } from "../support/browser/use-browser.ts";
import { eventually } from "../support/eventually.ts";
import { ok, showEndpoint } from "../support/service.ts";
import { openSession } from "../support/session.ts";

let system: ShownSystem;
let shown: ConsolePage;
const browser = useBrowser(async (parts) => {
  system = await ShownSystem.start();
  parts.defer(() => system.stop());
});
beforeEach(async () => {
  shown = await ConsolePage.open(browser(), system.postern.endpoint);
  return () => shown.close();
});

const signIn = (tab: string): Promise<void> =>
  shown.signIn(system.owner.account, system.owner.admin, `/clusters/${system.service.clusterId}/${tab}`);

type Nodes = {
  readonly nodes: readonly { readonly sessions?: number; readonly bytes_in?: number }[];
};

test("the picture tells what each node carries, and charts tell the last hour, by mouse, keyboard and table", async () => {
  const { owner, service } = system;
  await eventually(
    async () => {
      const { samples } = ok(
        await owner.api<{ readonly samples: readonly { readonly sessions: number }[] }>(
          "GET",
          `/postern/v1/{pid}/clusters/${service.clusterId}/samples`,
        ),
      );
      return samples.some(({ sessions }) => sessions === 15);
    },
    { what: "a sample of the sessions", timeoutMs: 40_000 },
  );
  const { nodes } = ok(await owner.api<Nodes>("GET", `/postern/v1/{pid}/clusters/${service.clusterId}`));
  expect(nodes.reduce((sum, node) => sum + (node.bytes_in ?? 0), 0)).toBeGreaterThanOrEqual(15 * 20_000);
  await signIn("picture");
  const { page } = shown;
  for (const { sessions = 0 } of nodes) await page.getByText(`${sessions} sessions · `).first().waitFor();
  const session = await openSession(system.endpoints.accepted);
  const stream = session.stream();
  // A node has a rate of its own, as soon as two messages have told of it.
  await page
    .getByText(/^\d+ sessions · [\d.]+ [kMG]B\/s$/)
    .nth(1)
    .waitFor();
  await stream.finish();
  session.close();
  await page.getByRole("heading", { name: "The last hour" }).waitFor();
  const slider = page.getByRole("slider");
  expect(await slider.getAttribute("aria-valuetext")).toContain("Live sessions 15");
  await slider.focus();
  await page.keyboard.press("Home");
  expect(await slider.getAttribute("aria-valuetext")).toContain("Live sessions –");
  await page.getByRole("button", { name: "As a table" }).click();
  await page.getByRole("table", { name: "The last hour" }).getByRole("row").nth(1).waitFor();
  expect(shown.complaints).toEqual([]);
});

test("a node is drained with a time limit, counted down, and given sessions again", async () => {
  await signIn("nodes");
  const { page } = shown;
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: `Drain ${system.nodes[0]?.url ?? ""}` }).click();
  await dialog.getByText(/^There are \d+ now\.$/).waitFor();
  await dialog.getByText("Are cut after a while").click();
  await dialog.getByLabel("Minutes until then").fill("9999");
  await dialog.getByText("From 0 to 1,440 minutes.").waitFor();
  expect(await dialog.getByRole("button", { name: "Drain", exact: true }).isDisabled()).toBe(true);
  await dialog.getByLabel("Minutes until then").fill("30");
  await dialog.getByRole("button", { name: "Drain", exact: true }).click();
  await dialog.getByText("Done").waitFor();
  await dialog.getByText("Close", { exact: true }).click();
  await page.getByText(/is draining: \d+ sessions left\. They are cut at /).waitFor();
  await page.getByRole("button", { name: `Drain ${system.nodes[1]?.url ?? ""}` }).click();
  await dialog.getByText("is the last node").waitFor();
  await dialog.getByText("Cancel", { exact: true }).click();
  await page.getByRole("button", { name: `Undrain ${system.nodes[0]?.url ?? ""}` }).click();
  await dialog.getByRole("button", { name: "Undrain", exact: true }).click();
  await dialog.getByText("Done").waitFor();
  await dialog.getByText("Close", { exact: true }).click();
  await page.getByText("is draining").waitFor({ state: "hidden" });
  expect(shown.complaints).toEqual([]);
});

test("several sessions are ended at once, but for one that has ended by itself, and the others stay", async () => {
  const [own, other] = [
    await openSession(system.endpoints.accepted),
    await openSession(system.endpoints.accepted),
  ];
  await signIn("sessions");
  const { page } = shown;
  await page.getByRole("heading", { name: "Sessions (17)" }).waitFor();
  // The newest come first.
  for (const row of [1, 2]) await page.getByRole("row").nth(row).getByRole("checkbox").check();
  await page.getByRole("button", { name: "End", exact: true }).click();
  own.close();
  await page.getByText("Sessions (16)").waitFor();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("heading", { name: "End 2 sessions?" }).waitFor();
  await dialog.getByRole("button", { name: "End", exact: true }).click();
  await dialog.getByText("1 session was ended; 1 had ended before.").waitFor();
  expect(other.isOver).toBe(true);
  await dialog.getByText("Close", { exact: true }).click();
  await page.getByRole("heading", { name: "Sessions (15)" }).waitFor();
  expect(shown.complaints).toEqual([]);
});

test("a cap is changed with its preview, and the service offers something else", async () => {
  await signIn("connections");
  const { page } = shown;
  const dialog = page.getByRole("dialog");
  await page.getByRole("checkbox", { name: `Select ${system.endpoints.accepted.id}` }).check();
  await page.getByRole("button", { name: "Change caps" }).click();
  await dialog.getByLabel("Most sessions at once").fill("77");
  await dialog.getByText("This cuts no session.").waitFor();
  await dialog.getByRole("button", { name: "Change", exact: true }).click();
  await dialog.getByText("Done").waitFor();
  await dialog.getByText("Close", { exact: true }).click();
  await page.getByText(/^\d+ \/ 77$/).waitFor();
  await page.getByRole("button", { name: "Change service" }).click();
  await dialog.getByLabel("Approve each connection").uncheck();
  await dialog.getByRole("button", { name: "Change", exact: true }).click();
  await dialog.getByText("Done").waitFor();
  await dialog.getByText("Close", { exact: true }).click();
  await page.getByText("are accepted where the whitelist has their account").waitFor();
  const { max_session: cap } = await showEndpoint(system.guest, system.endpoints.accepted.id);
  expect(cap).toBe(77);
  expect(shown.complaints).toEqual([]);
});

test("before a cluster is registered each node's answer is shown, and what was typed stays", async () => {
  const { owner, nodes } = system;
  await shown.signIn(owner.account, owner.admin, "/clusters/register");
  const { page } = shown;
  await page.getByLabel("Name", { exact: true }).fill("more-logs");
  await page.getByRole("textbox", { name: "Nodes" }).fill(`${nodes[0]?.url ?? ""}\nhttp://127.0.0.1:1`);
  await page.getByRole("button", { name: "Ask the nodes" }).click();
  await page.getByText("1 of 2 nodes have answered. Nothing is saved yet.").waitFor();
  await page.getByText("node-1: opensearch").waitFor();
  await page.getByText("Nothing listens there").waitFor();
  await page.getByRole("textbox", { name: "Nodes" }).fill(nodes[0]?.url ?? "");
  await page.getByText("The form has changed since").waitFor();
  await page.getByRole("button", { name: "Ask the nodes" }).click();
  await page.getByText("The node has answered. Nothing is saved yet.").waitFor();
  await page.getByRole("button", { name: "Register", exact: true }).click();
  await shown.heading("more-logs").waitFor();
  expect(shown.complaints).toEqual([]);
});
