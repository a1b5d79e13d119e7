/** What the gateway keeps in the kernel's routing: each thing has one text, in the words of `ip`, that it is known by. */
export type Item = Rule | Route | Proxy;
export type Family = 4 | 6;

export interface Rule {
  readonly kind: "rule";
  readonly family: Family;
  readonly preference: number;
  /** Packets whose mark, under the mask, is the value; all where it is left out. */
  readonly mark?: { readonly value: number; readonly mask: number };
  /** Packets that the mark does not fit. */
  readonly isInverted?: true;
  readonly action: { readonly lookup: number } | { readonly goto: number } | "unreachable";
}

export interface Route {
  readonly kind: "route";
  readonly family: Family;
  readonly table: number;
  readonly isLocal: boolean;
  /** A CIDR in its canonical form. */
  readonly destination: string;
  readonly device: string;
}

/** An IPv6 address that the host answers neighbour solicitations for. */
export interface Proxy {
  readonly kind: "proxy";
  readonly address: string;
  readonly device: string;
}

export interface Change {
  readonly verb: "add" | "delete";
  readonly item: Item;
}

export function itemText(item: Item): string {
  if (item.kind === "rule")
    return `-${item.family} rule pref ${item.preference} ${selectorText(item)}${actionText(item)}`;
  if (item.kind === "route")
    return `-${item.family} route ${item.isLocal ? "local " : ""}${item.destination} dev ${item.device} table ${item.table}`;
  return `-6 neigh proxy ${item.address} dev ${item.device}`;
}

function selectorText({ mark, isInverted }: Rule): string {
  if (!mark) return "";
  const text = `fwmark 0x${mark.value.toString(16)}/0x${mark.mask.toString(16)} `;
  return isInverted ? `not ${text}` : text;
}

function actionText({ action }: Rule): string {
  if (action === "unreachable") return action;
  return "goto" in action ? `goto ${action.goto}` : `lookup ${action.lookup}`;
}

/**
 * Returns what makes the actual state the wished one: additions before removals, so that nothing is missing meanwhile;
 * nothing where they are the same. Rules are added from the last to the first, as one goes to another.
 */
export function difference(actual: readonly Item[], wished: readonly Item[]): readonly Change[] {
  const [had, wanted] = [textsOf(actual), textsOf(wished)];
  const added = wished.filter((item) => !had.has(itemText(item))).toSorted(byOrder);
  const removed = actual.filter((item) => !wanted.has(itemText(item))).toSorted((a, b) => byOrder(b, a));
  return [
    ...added.map((item) => ({ verb: "add", item }) as const),
    ...removed.map((item) => ({ verb: "delete", item }) as const),
  ];
}

function textsOf(items: readonly Item[]): ReadonlySet<string> {
  return new Set(items.map(itemText));
}

/** Routes before the rules that lead to them. */
function byOrder(a: Item, b: Item): number {
  const rank = (item: Item): number => (item.kind === "rule" ? -item.preference : -Infinity);
  const [first, second] = [rank(a), rank(b)];
  return first === second ? 0 : first - second;
}
