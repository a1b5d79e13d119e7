import type { Browser, Page } from "playwright-core";

/** A task is long from 50 ms on: the browser tells of no shorter ones. */
const watcher = `
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) longTasks.push({ startTime, duration });
  }).observe({ type: "longtask", buffered: true });`;

/** Has the page write down each task that holds it up, from its next load on. */
export async function watchTasks(page: Page): Promise<void> {
  await page.addInitScript(watcher);
}

/** The longest task of a page's main thread: by the clock, 0 where none took 50 ms, and by the processor's time. */
export type LongestTask = { readonly ms: number; readonly cpuMs: number };

/**
 * The longest task of the page while something is done. A busy machine makes it longer by the clock, not by the
 * processor's time. Nothing else may trace the browser at the same time.
 */
export async function longestTaskOf(
  browser: Browser,
  page: Page,
  work: () => Promise<void>,
): Promise<LongestTask> {
  await browser.startTracing(page, { categories: ["toplevel"] });
  const since = await page.evaluate<number>("performance.now()");
  await work();
  // Tasks are told of when they are over, once the page has nothing else to do.
  await page.evaluate("new Promise((resolve) => requestIdleCallback(resolve))");
  const ms = await page.evaluate<number>(
    `Math.max(0, ...longTasks.filter((task) => task.startTime >= ${since}).map((task) => task.duration))`,
  );
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as Trace;
  const pages = new Set(
    traceEvents.filter(({ args }) => args.name === "CrRendererMain").map((event) => threadOf(event)),
  );
  const tasks = traceEvents.filter((event) => event.name.endsWith("RunTask") && pages.has(threadOf(event)));
  return { ms: Math.round(ms), cpuMs: Math.round(Math.max(0, ...tasks.map(({ tdur = 0 }) => tdur / 1_000))) };
}

const threadOf = ({ pid, tid }: TraceEvent): string => `${pid}/${tid}`;

type Trace = { readonly traceEvents: readonly TraceEvent[] };

type TraceEvent = {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** The processor's time, in microseconds. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
};

const rowWatcher = `{
  const nameOf = (node) =>
    (node.closest ? node : node.parentElement)?.closest("tr")?.querySelector("input")?.getAttribute("aria-label") ?? "none";
  const body = document.querySelector("table tbody");
  const changed = new Set();
  const attributes = new Map();
  const take = (records) => {
    for (const { type, target, attributeName, oldValue, addedNodes, removedNodes } of records) {
      if (type === "attributes") {
        const before = attributes.get(target) ?? new Map();
        if (!before.has(attributeName)) before.set(attributeName, oldValue);
        attributes.set(target, before);
      } else for (const node of target === body ? [...addedNodes, ...removedNodes] : [target]) changed.add(nameOf(node));
    }
  };
  const observer = new MutationObserver(take);
  observer.observe(body, { subtree: true, childList: true, characterData: true, attributeOldValue: true });
  globalThis.rowsChanged = () => {
    take(observer.takeRecords());
    observer.disconnect();
    for (const [node, before] of attributes)
      for (const [name, value] of before) if (node.getAttribute(name) !== value) changed.add(nameOf(node));
    return [...changed];
  };
}`;

/**
 * Which rows of the page's table change while something is done: the labels of their checkboxes. A row that comes, goes
 * or moves counts, too; an attribute that is written again as it was does not.
 */
export async function rowsChangedBy(page: Page, work: () => Promise<void>): Promise<readonly string[]> {
  await page.evaluate(rowWatcher);
  await work();
  return await page.evaluate<readonly string[]>("rowsChanged()");
}
