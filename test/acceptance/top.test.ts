import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startNode, type SearchNode } from "../support/node.ts";
import { executable, startPostern, type Postern } from "../support/postern.ts";
import { PseudoTerminal, pseudoTerminalObstacle } from "../support/pseudo-terminal.ts";
import { Service, type Endpoint } from "../support/service.ts";
import { openSession } from "../support/session.ts";

const obstacle = pseudoTerminalObstacle();
/** Alternate screen left, cursor shown, lines wrapped. */
const givenBack = "\u001B[?7h\u001B[?25h\u001B[?1049l";

let postern: Postern;
let node: SearchNode;
let own: Endpoint;
let directory = "";
let terminal: PseudoTerminal | undefined;

beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  own = await (await Service.open(postern, "logs", [node])).ownEndpoint();
  directory = await mkdtemp(join(tmpdir(), "postern-top-"));
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));
afterEach(() => terminal?.stop());

/** Starts `postern top` in a shell that notes the terminal's settings before and after. */
function startTop(args = "logs"): PseudoTerminal {
  const run = `sh -c 'echo $$ > ${directory}/pid; tty > ${directory}/tty; exec ${executable} top ${args}'`;
  const line = `stty -g > ${directory}/before; ${run}; code=$?; stty -g > ${directory}/after; exit $code`;
  terminal = new PseudoTerminal(line, { ...process.env, POSTERN_DATA: postern.dataDir });
  return terminal;
}

const noted = async (name: string): Promise<string> => (await readFile(join(directory, name), "utf8")).trim();

async function expectRestored(screen: PseudoTerminal): Promise<void> {
  expect(await noted("after")).toBe(await noted("before"));
  expect(screen.output.lastIndexOf(givenBack)).toBeGreaterThan(screen.output.lastIndexOf("\u001B[J"));
}

test("somebody watches, opens an endpoint, ends one of its sessions, and quits", async () => {
  const sessions = [await openSession(own), await openSession(own)];
  const screen = startTop();
  await screen.shows(/^postern top {2}cluster logs {2}1 endpoints, 2 sessions/);
  await screen.shows(new RegExp(`${own.id} +${own.ip}:${own.port} +accepted +\\S+ 2/3000`));
  screen.type("\r");
  await screen.shows("2 of 2 sessions");
  const doomed = screen.screen[3]?.split(" ")[0] ?? "";
  expect(doomed).toMatch(/^127\.\S+:\d+-\d+$/);
  expect(screen.screen[3]).toContain(`127.0.0.1:${new URL(node.url).port}`);
  screen.type("k");
  await screen.shows(`End session ${doomed}? [y/N]`);
  screen.type("n");
  await screen.shows("Nothing was ended.");
  screen.type("k");
  await screen.shows(`End session ${doomed}? [y/N]`);
  screen.type("y");
  await screen.shows("1 of 1 sessions");
  const dead = await eventually(() => sessions.find(({ death }) => death));
  for (const session of sessions) if (session !== dead) await session.echo();
  screen.type("/nothing\r");
  await screen.shows("filter: nothing");
  screen.type("\u001B[D");
  await eventually(() => !screen.screen[1]?.includes("filter"));
  screen.type("\u001B[D");
  await screen.shows("cluster logs");
  screen.type("q");
  expect(await screen.exited).toBe(0);
  await expectRestored(screen);
  for (const session of sessions) session.close();
});

test("it follows the size of its terminal, keeps what it showed while the server is away, and ends at SIGTERM", async () => {
  const session = await openSession(own);
  const screen = startTop();
  await screen.shows("1 endpoints, 1 sessions");
  expect(screen.screen).toHaveLength(30);
  const resize = new PseudoTerminal(`stty -F ${await noted("tty")} cols 70 rows 12`, process.env);
  expect(await resize.exited).toBe(0);
  await eventually(() => screen.screen.length === 12);
  expect(Math.max(...screen.screen.map((line) => Array.from(line).length))).toBeLessThanOrEqual(70);
  const { server } = await postern.pids();
  process.kill(server, "SIGSTOP");
  try {
    await screen.shows(/stale since \d\d:\d\d:\d\d: .*did not answer/);
    expect(screen.screen.join("\n")).toContain("1/3000");
  } finally {
    process.kill(server, "SIGCONT");
  }
  await eventually(() => !screen.screen.join("\n").includes("stale"));
  process.kill(Number(await noted("pid")), "SIGTERM");
  expect(await screen.exited).toBe(0);
  await expectRestored(screen);
  session.close();
});

test("where it cannot begin, the terminal is left alone", async () => {
  const screen = startTop("none");
  expect(await screen.exited).toBe(1);
  expect(screen.output).toContain('There is no cluster "none"');
  expect(screen.output).not.toContain("\u001B[?1049h");
});
