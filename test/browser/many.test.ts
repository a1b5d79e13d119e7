import { expect, test } from "vitest";
import { ClusterView } from "../support/browser/cluster-view.ts";
import { ConsolePage, operatorAccount } from "../support/browser/console-page.ts";
import { longestTaskOf, rowsChangedBy, watchTasks, type LongestTask } from "../support/browser/page-work.ts";
import { useBrowser } from "../support/browser/use-browser.ts";
import { startNode, type SearchNode } from "../support/node.ts";
import { startPostern, type Postern } from "../support/postern.ts";
import { createEndpoint, Service, type Endpoint } from "../support/service.ts";
import { openSession, type Session } from "../support/session.ts";

const count = 1_000;
const pageSize = 25;
let postern: Postern;
let node: SearchNode;
let service: Service;
/** The newest last. */
const endpoints: Endpoint[] = [];
const browser = useBrowser(async (parts) => {
  node = await startNode();
  parts.defer(() => node.stop());
  postern = await startPostern();
  parts.defer(() => postern.stop());
  const owner = { api: postern.api };
  service = await Service.open(owner, "logs", [node]);
  endpoints.push(await service.ownEndpoint());
  const name = await service.name();
  while (endpoints.length < count) {
    const batch = Array.from({ length: Math.min(50, count - endpoints.length) }, () =>
      createEndpoint(owner, name),
    );
    endpoints.push(...(await Promise.all(batch)));
  }
});

const sendSome = (session: Session): void => void session.echo("x".repeat(1_000)).catch(() => undefined);

/** A session of each endpoint that carries a little all the time; ends with what it returns. */
async function trickle(carrying: readonly Endpoint[]): Promise<() => void> {
  const sessions = await Promise.all(carrying.map((endpoint) => openSession(endpoint)));
  const timer = setInterval(() => sessions.forEach(sendSome), 200);
  return () => {
    clearInterval(timer);
    for (const session of sessions) session.close();
  };
}

test("a thousand connections under load are filtered, sorted, paged and scrolled, a page of rows at a time", async () => {
  // Three of the first page, and two hundred that nobody looks at.
  const seen = (await service.connections()).connections.slice(3, 6).map(({ id }) => id);
  const carrying = endpoints.filter(({ id }, n) => seen.includes(id) || n < 200);
  const stop = await trickle(carrying);
  const shown = await ConsolePage.open(browser(), postern.endpoint);
  const { page } = shown;
  const cluster = new ClusterView(shown);
  const rows = page.locator("tbody tr");
  const firstRow = rows.first();
  await watchTasks(page);
  await shown.signIn(operatorAccount, postern.admin);

  const longest: Record<string, LongestTask> = {};
  const measure = async (what: string, work: () => Promise<void>): Promise<void> => {
    longest[what] = await longestTaskOf(browser(), page, work);
    expect(await rows.count()).toBeLessThanOrEqual(pageSize);
  };
  await measure("first view", async () => {
    await page.getByRole("link", { name: "logs" }).click();
    await page.getByText(`(${count})`).waitFor();
    await cluster
      .row(seen[0] ?? "")
      .getByText("1 / 3000")
      .waitFor();
  });

  const carried = cluster.row(seen[0] ?? "");
  const samples = async (): Promise<void> => {
    for (let sample = 0; sample < 4; sample += 1) {
      const before = await carried.textContent();
      await expect.poll(() => carried.textContent(), { timeout: 15_000 }).not.toBe(before);
    }
  };
  // The first message of figures tells those of all.
  await samples();
  await measure("figures", async () => {
    const changed = await rowsChangedBy(page, samples);
    expect(changed.toSorted()).toEqual(seen.map((id) => `Select ${id}`).toSorted());
  });

  const filter = page.getByLabel("Find connections");
  const wanted = endpoints[500]?.id ?? "";
  await measure("filter", async () => {
    await filter.pressSequentially(wanted, { delay: 20 });
    await page.getByText("1 match").first().waitFor();
    await firstRow.getByText(wanted).waitFor();
    await filter.fill("");
    await expect.poll(() => rows.count()).toBe(pageSize);
  });

  const sort = async (name: string, way: "ascending" | "descending"): Promise<void> => {
    const header = page.getByRole("columnheader", { name, exact: true });
    await header.getByRole("button").click();
    await header.and(page.locator(`[aria-sort=${way}]`)).waitFor();
  };
  await measure("sort", async () => {
    for (const name of ["Throughput", "Address", "Created", "Sessions"]) await sort(name, "ascending");
    await sort("Sessions", "descending");
    await firstRow.getByText("1 / 3000").waitFor();
  });

  await measure("page", async () => {
    for (let turn = 2; turn <= 6; turn += 1) {
      await page.getByRole("button", { name: "Next page" }).click();
      await page.locator("[aria-current]", { hasText: new RegExp(`^${turn}$`) }).waitFor();
    }
  });

  await measure("scroll", async () => {
    await page.mouse.move(700, 600);
    for (let turn = 0; turn < 20; turn += 1) await page.mouse.wheel(0, turn < 10 ? 200 : -200);
  });

  await measure("select all", async () => {
    await page.getByRole("checkbox", { name: "Select all" }).check();
    await expect
      .poll(() => page.getByRole("checkbox", { name: "Select ", checked: true }).count())
      .toBe(pageSize + 1);
  });
  stop();
  const told = Object.entries(longest).map(([what, { ms, cpuMs }]) => `${what} ${ms} (${cpuMs})`);
  console.log(
    `The longest task in ms, 0 where none took 50, and of the processor: ${told.join(", ")}; goal: 100`,
  );
  expect(shown.complaints).toEqual([]);
  await shown.close();
}, 180_000);
