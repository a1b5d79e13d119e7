import type { Chance } from "../chance.ts";
import { eventually } from "../eventually.ts";
import { ok } from "../service.ts";
import type { NameAsker } from "./name-asker.ts";
import { addressesExpected, addressesShown } from "./name-listing.ts";
import { expectedIn } from "./name-model.ts";
import type { NamedNetwork } from "./name-model.ts";
import type { NameWorld } from "./name-world.ts";

/** Who asks for names in each network; there may be networks where nobody does. */
export type Askers = ReadonlyMap<NamedNetwork, Pick<NameAsker, "find">>;

const notYet = /: .*(ECONNREFUSED|ETIMEOUT|ESERVFAIL)/;

/** Takes random steps, and holds what the API and the name servers say to what they have to. */
export class NameProof {
  readonly world: NameWorld;
  readonly #chance: Chance;
  readonly #seed: number;
  readonly #askers: Askers;
  readonly #resolvers: readonly string[];
  readonly #history: string[] = [];

  /**
   * @param seed that `chance` was made with, for the text of a failure
   * @param resolvers the address of each network's name server, which has to stay
   */
  constructor(
    world: NameWorld,
    { chance, seed }: { readonly chance: Chance; readonly seed: number },
    askers: Askers,
    resolvers: readonly string[],
  ) {
    this.world = world;
    this.#chance = chance;
    this.#seed = seed;
    this.#askers = askers;
    this.#resolvers = resolvers;
  }

  /** Takes a step, and waits for what the API shows of nodes. @throws Error where a new gateway says what is wrong */
  async takeStep(): Promise<void> {
    const what = await this.world.step(this.#chance);
    this.#history.push(what);
    if (what === "restart") await this.rightOnceKnown();
    await this.world.awaitNodes();
  }

  /** What everybody is told at this moment: by the API, and by the name servers right after it. */
  async toldNow(): Promise<object> {
    const listed = await addressesShown(this.world);
    const at = await Promise.all(this.world.networks.map(resolverOf));
    return { ...this.#context(), listed, at, found: await this.found(this.#askers) };
  }

  toldRightly(): object {
    const listed = addressesExpected(this.world);
    return { ...this.#context(), listed, at: this.#resolvers, found: this.expected(this.#askers) };
  }

  /** What comes of asking for every name in every network that has an asker, a line for each. */
  async found(askers: Askers): Promise<readonly string[]> {
    const lines = [...askers].flatMap(([network, asker]) =>
      this.world.endpoints.map(
        async ({ dnsName }) => `${dnsName} asked for in ${network.name}: ${await asker.find(dnsName)}`,
      ),
    );
    return await Promise.all(lines);
  }

  expected(askers: Askers): readonly string[] {
    return [...askers.keys()].flatMap((network) =>
      this.world.endpoints.map(
        (endpoint) => `${endpoint.dnsName} asked for in ${network.name}: ${expectedIn(network, endpoint)}`,
      ),
    );
  }

  /** A gateway that has just started may say nothing for a moment, or that it does not know; but nothing that is wrong. */
  async rightOnceKnown(): Promise<void> {
    const wrong = new Set<string>();
    const isKnown = async (): Promise<boolean> => {
      const expected = new Set(this.expected(this.#askers));
      const found = (await this.found(this.#askers)).filter((line) => !expected.has(line));
      for (const line of found) if (!notYet.test(line)) wrong.add(line);
      return wrong.size > 0 || found.length === 0;
    };
    await eventually(isKnown, { timeoutMs: 20_000, what: `names to be known; ${this.inWords()}` });
    if (wrong.size > 0) throw new Error(`${this.inWords()} came ${[...wrong].join("; ")}`);
  }

  /** How to have it again. */
  inWords(): string {
    return `with seed ${this.#seed}, after ${this.#history.join(", ")},`;
  }

  #context(): object {
    return { seed: this.#seed, history: this.#history };
  }
}

type Vpcs = { readonly vpcs: readonly { readonly id: string; readonly dns_address?: string }[] };

/** The address of a network's name server, or "none". */
export async function resolverOf({ vpcId, consumer }: NamedNetwork): Promise<string> {
  const { vpcs } = ok(await consumer.api<Vpcs>("GET", "/postern/v1/{pid}/vpcs"));
  return vpcs.find(({ id }) => id === vpcId)?.dns_address ?? "none";
}
