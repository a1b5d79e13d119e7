import { describe, expect, test } from "vitest";
import {
  endpointsLoaded,
  loadFailed,
  orderOf,
  press,
  sessionsLoaded,
  startState,
  visibleEndpoints,
  visibleSessions,
  type Effect,
  type TopState,
} from "./state.ts";
import { anEndpoint, aSession } from "./test-endpoint.ts";

const endpoints = [anEndpoint(1), anEndpoint(3), anEndpoint(2)];
const idOf = (n: number): string => anEndpoint(n).id;
const loaded = endpointsLoaded(startState("cluster logs"), { at: 0, endpoints });
const opened = pressed(loaded, "s");
const page = { sessions: [aSession(1), aSession(2)], total_count: 2, returned_count: 2 };
const filled = sessionsLoaded(opened, idOf(3), page);

function play(state: TopState, ...keys: readonly string[]): { state: TopState; effects: Effect[] } {
  const effects: Effect[] = [];
  let now = state;
  for (const key of keys) {
    const step = press(now, key, 10);
    now = step.state;
    if (step.effect) effects.push(step.effect);
  }
  return { state: now, effects };
}

function pressed(state: TopState, ...keys: readonly string[]): TopState {
  return play(state, ...keys).state;
}

const sources = (state: TopState) => visibleSessions(state).map(({ source }) => source.slice(0, 8));
const shown = (state: TopState) => visibleEndpoints(state).map(({ endpoint }) => endpoint.sessions);

test("the busiest endpoint comes first, digits sort, and the same one again turns round", () => {
  expect(shown(loaded)).toEqual([3, 2, 1]);
  expect(shown(pressed(loaded, "4"))).toEqual([1, 2, 3]);
  expect(shown(pressed(loaded, "2"))).toEqual([1, 2, 3]);
  expect(shown(pressed(loaded, "9"))).toEqual([3, 2, 1]);
});

test("the cursor stays on its endpoint whatever the order, and on the table", () => {
  const second = pressed(loaded, "down");
  expect(second.endpoints.selected).toBe(idOf(2));
  expect(pressed(second, "4").endpoints.selected).toBe(idOf(2));
  expect(pressed(second, "down", "down", "down").endpoints.selected).toBe(idOf(1));
  expect(pressed(second, "up", "up").endpoints.selected).toBe(idOf(3));
  expect(pressed(second, "end").endpoints.selected).toBe(idOf(1));
  expect(pressed(second, "pageDown", "home").endpoints.selected).toBe(idOf(3));
  expect(pressed(startState("nothing"), "down", "enter").opened).toBeUndefined();
});

test("a filter looks at everything that is shown, while it is typed and until it is taken away", () => {
  const typing = pressed(loaded, "/", "1", "0", ".", "0", ".", "0", ".", "2");
  expect([shown(typing), typing.isTyping]).toEqual([[2], true]);
  expect(shown(pressed(typing, "backspace"))).toEqual([3, 2, 1]);
  const kept = pressed(typing, "enter");
  expect([shown(kept), kept.isTyping]).toEqual([[2], false]);
  expect(shown(pressed(kept, "escape"))).toEqual([3, 2, 1]);
  expect(shown(pressed(typing, "escape"))).toEqual([3, 2, 1]);
  // Keys that mean something elsewhere are letters here.
  expect(pressed(loaded, "/", "q", "k").endpoints.filter).toBe("qk");
});

describe("sessions", () => {
  test("opening the endpoint under the cursor loads its sessions; going back forgets them", () => {
    const { state, effects } = play(loaded, "down", "enter");
    expect([state.opened, effects]).toEqual([idOf(2), [{ kind: "refresh" }]]);
    expect(sessionsLoaded(state, idOf(1), page).page).toBeUndefined();
    expect(sessionsLoaded(state, idOf(2), page).page).toBe(page);
    expect(pressed(filled, "escape")).toMatchObject({ opened: undefined, page: undefined });
  });

  test("are sorted as asked for, by the server too", () => {
    expect([orderOf(filled), sources(filled)]).toEqual(["age", ["10.0.0.1", "10.0.0.2"]]);
    const byBytes = play(filled, "6");
    expect([orderOf(byBytes.state), sources(byBytes.state)]).toEqual(["bytes", ["10.0.0.2", "10.0.0.1"]]);
    expect(byBytes.effects).toEqual([{ kind: "refresh" }]);
    expect(["1", "5", "7"].map((key) => orderOf(pressed(filled, key)))).toEqual(["source", "idle", "bytes"]);
  });

  test("one is ended after a yes, and by nothing else", () => {
    const asked = pressed(filled, "down", "k");
    expect(asked.doomed).toBe(aSession(2).id);
    const kill = { kind: "kill", endpoint: idOf(3), session: aSession(2).id };
    expect(play(asked, "y")).toMatchObject({ state: { doomed: undefined }, effects: [kill] });
    for (const key of ["n", "enter", "escape", "k", "q"]) {
      expect(play(asked, key)).toMatchObject({ state: { doomed: undefined }, effects: [] });
    }
    expect(pressed(opened, "k")).toMatchObject({ doomed: undefined, notice: "There is no session to end." });
    expect(pressed(loaded, "k").doomed).toBeUndefined();
  });
});

test("q ends it, and Ctrl-C does so at any time", () => {
  const quit = [{ kind: "quit" }];
  expect(play(loaded, "q").effects).toEqual(quit);
  expect(play(pressed(filled, "k"), "interrupt").effects).toEqual(quit);
  expect(play(pressed(loaded, "/"), "interrupt").effects).toEqual(quit);
});

test("what was shown stays while the server is away, and is old from the first failure on", () => {
  const failed = loadFailed(loadFailed(loaded, "refused", 5), "timeout", 9);
  expect([shown(failed), failed.stale]).toEqual([[3, 2, 1], { reason: "timeout", since: 5 }]);
  expect(endpointsLoaded(failed, { at: 1, endpoints }).stale).toBeUndefined();
});
