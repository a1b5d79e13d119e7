/**
 * What was pressed: `up`, `down`, `pageUp`, `pageDown`, `home`, `end`, `enter`, `escape`, `backspace`, `interrupt`, or a
 * character.
 */
export type Key = string;

const named: Readonly<Record<string, Key>> = {
  "\u001B[A": "up",
  "\u001BOA": "up",
  "\u001B[B": "down",
  "\u001BOB": "down",
  "\u001B[C": "enter",
  "\u001BOC": "enter",
  "\u001B[D": "escape",
  "\u001BOD": "escape",
  "\u001B[5~": "pageUp",
  "\u001B[6~": "pageDown",
  "\u001B[H": "home",
  "\u001B[F": "end",
  "\r": "enter",
  "\n": "enter",
  "\u001B": "escape",
  "\u007F": "backspace",
  "\b": "backspace",
  "\u0003": "interrupt",
};

// oxlint-disable-next-line no-control-regex -- terminals send keys as control sequences
const form = /\u001B(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])|[^]/gu;

/** Returns the keys of what a terminal sent, oldest first; what means nothing is left out. */
export function keysOf(text: string): readonly Key[] {
  return [...text.matchAll(form)].flatMap(([one]) => {
    const name = named[one];
    if (name !== undefined) return [name];
    return /^[\p{L}\p{N}\p{P}\p{S} ]$/u.test(one) ? [one] : [];
  });
}
