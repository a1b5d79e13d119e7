import { setImmediate } from "node:timers/promises";
import { addressRange, isWithin } from "./address-range.ts";
import type { KernelEndpoint } from "./compile.ts";
import type { Conntrack } from "./conntrack/conntrack.ts";
import { readFlow, readLiveMark, type Flow, type Tuple } from "./conntrack/flow.ts";
import type { Poker } from "./conntrack/poke.ts";
import { readPoke, relayPeerOf, type Poke } from "./conntrack/segment.ts";
import type { Relay } from "./relay/relay.ts";

/** Pokes between two turns of the event loop. */
const pokesATurn = 250;
const pokeAgainMs = [100, 1_000, 4_000] as const;
/** One look at the whole table is cheaper than one look for each of a few. */
const fewEndpoints = 4;

/** Which flows of an endpoint are to end: all, or those that a rule picks. */
export type Verdict = "all" | ((flow: Flow) => boolean);

/**
 * Returns what of an endpoint's flows is no longer allowed, or undefined where all of it is.
 * @param after undefined where the endpoint is no more
 */
export function verdictOn(before: KernelEndpoint, after: KernelEndpoint | undefined): Verdict | undefined {
  if (!after || after.network !== before.network) return "all";
  // Who was refused before has no flows, and gets none.
  if (after.refusal !== null) return before.refusal === null ? "all" : undefined;
  const isGone = goneDestinations(before, after);
  const { sources } = after;
  const areSourcesNarrower = sources !== undefined && sources.join() !== before.sources?.join();
  const ranges = areSourcesNarrower ? sources.map(addressRange) : undefined;
  if (isGone.size === 0 && !ranges) return undefined;
  return ({ original }) =>
    isGone.has(original.destination) ||
    isGone.has(String(original.destinationPort)) ||
    (ranges !== undefined && !isWithin(original.source, ranges));
}

/** Returns what either of two verdicts ends. */
export function eitherOf(one: Verdict | undefined, other: Verdict): Verdict {
  if (one === undefined) return other;
  if (one === "all" || other === "all") return "all";
  return (flow) => one(flow) || other(flow);
}

/** Addresses that the endpoint does not have any more, and ports that it has no more or that lead elsewhere. */
function goneDestinations(before: KernelEndpoint, after: KernelEndpoint): ReadonlySet<string> {
  const groups = new Map(after.ports.map(({ port, group }) => [port, group]));
  return new Set([
    ...before.addresses.filter((address) => !after.addresses.includes(address)),
    ...before.ports.filter(({ port, group }) => groups.get(port) !== group).map(({ port }) => String(port)),
  ]);
}

export interface SeverParts {
  readonly conntrack: Conntrack;
  readonly poker: Poker;
  readonly relay: Pick<Relay, "cut">;
}

/**
 * Ends flows: the kernel forgets them, so that nothing of theirs passes any more, and both ends are told by a reset.
 * The rules that would admit them again have to be gone already.
 * @param all verdicts by the endpoint's number
 * @param mayHaveFlows whether an endpoint may have any: the kernel takes 10 ms to find out that there are none
 * @param onSevered told the number of the endpoint of each that was live
 * @returns how many of them were live
 */
export async function sever(
  { conntrack, poker, relay }: SeverParts,
  all: ReadonlyMap<number, Verdict>,
  mayHaveFlows: (number: number) => boolean = () => true,
  onSevered: (number: number) => void = () => undefined,
): Promise<number> {
  const verdicts =
    all.size <= fewEndpoints ? new Map([...all].filter(([number]) => mayHaveFlows(number))) : all;
  if (verdicts.size === 0) return 0;
  const pokes: Poke[] = [];
  const strangers: Flow[] = [];
  const condemn = (attributes: Buffer): void => {
    const number = readLiveMark(attributes);
    const verdict = verdicts.get(number);
    if (verdict === undefined) return;
    const flow = verdict === "all" ? undefined : readFlow(attributes);
    if (typeof verdict === "function" && !(flow && verdict(flow))) return;
    if (flow) strangers.push(flow);
    const poke = readPoke(attributes);
    if (!poke) return;
    pokes.push(poke);
    onSevered(number);
  };
  if (verdicts.size <= fewEndpoints) for (const number of verdicts.keys()) conntrack.each(number, condemn);
  else conntrack.each(undefined, condemn);
  for (const [number, verdict] of verdicts) if (verdict === "all") conntrack.forgetEndpoint(number);
  for (const flow of strangers) conntrack.forget(flow);
  // The relay has read what it has not passed on yet.
  await relay.cut(pokes.flatMap(({ toNode }) => relayPeerOf(toNode) ?? []));
  await pokeAll(poker, pokes);
  return pokes.length;
}

/**
 * Ends one flow in the same way. The rules admit nothing but the first segment of a connection, so nothing that is
 * under way brings it back.
 * @param number of the endpoint that has to have it
 * @returns whether it was there, and live
 */
export async function severOne(
  { conntrack, poker, relay }: SeverParts,
  number: number,
  original: Tuple,
  zone: number,
): Promise<boolean> {
  const attributes = conntrack.find(original, zone);
  if (!attributes || readLiveMark(attributes) !== number) return false;
  const [flow, poke] = [readFlow(attributes), readPoke(attributes)];
  if (!flow || !poke) return false;
  conntrack.forget(flow);
  const relayed = relayPeerOf(poke.toNode);
  if (relayed !== undefined) await relay.cut([relayed]);
  await pokeAll(poker, [poke]);
  return true;
}

/** Segments get lost, most of all where thousands are on their way at once: ends that are gone do not mind another. */
async function pokeAll(poker: Poker, pokes: readonly Poke[]): Promise<void> {
  await pokeOnce(poker, pokes);
  for (const delayMs of pokes.length > 0 ? pokeAgainMs : []) {
    setTimeout(() => void pokeOnce(poker, pokes), delayMs).unref();
  }
}

async function pokeOnce(poker: Poker, pokes: readonly Poke[]): Promise<void> {
  for (let at = 0; at < pokes.length; at += pokesATurn) {
    poker.poke(pokes.slice(at, at + pokesATurn));
    await setImmediate();
  }
}
