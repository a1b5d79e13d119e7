import { median } from "./result.ts";
import type { Table } from "./result.ts";

interface Measure {
  readonly key: string;
  readonly title: string;
  readonly digits: number;
  readonly values: Map<string, number[]>;
}

/** Who the others are divided by. */
const ours = "postern";

/** Collects what was measured of several contenders, one of which is "postern", and divides. */
export class Board {
  readonly #measures = new Map<string, Measure>();

  add(key: string, title: string, digits: number, contender: { readonly name: string }, value: number): void {
    const measure = this.#measures.get(key) ?? { key, title, digits, values: new Map<string, number[]>() };
    this.#measures.set(key, measure);
    measure.values.set(contender.name, [...(measure.values.get(contender.name) ?? []), value]);
  }

  /** Median of what was measured of a contender, or undefined where nothing was. */
  median(key: string, name: string): number | undefined {
    const values = this.#measures.get(key)?.values.get(name);
    return values === undefined ? undefined : median(values);
  }

  /** Ours divided by theirs. */
  ratio(key: string, name: string): number | undefined {
    const [mine, theirs] = [this.median(key, ours), this.median(key, name)];
    return mine === undefined || theirs === undefined || theirs === 0 ? undefined : mine / theirs;
  }

  /** One row a measure, one column a contender, and one for each ratio. */
  table(title: string, names: readonly string[]): Table {
    const others = names.filter((name) => name !== ours);
    return {
      title,
      header: ["", ...names, ...others.map((name) => `x ${name}`)],
      rows: [...this.#measures.values()].map((measure) => [
        measure.title,
        ...names.map((name) => this.median(measure.key, name)?.toFixed(measure.digits) ?? "-"),
        ...others.map((name) => this.ratio(measure.key, name)?.toFixed(2) ?? "-"),
      ]),
    };
  }

  /** All ratios, by "measure_vs_whom". */
  ratios(names: readonly string[]): Record<string, number> {
    const pairs = [...this.#measures.keys()].flatMap((key) =>
      names
        .filter((name) => name !== ours)
        .flatMap((name) => {
          const ratio = this.ratio(key, name);
          return ratio === undefined ? [] : [[`${key}_vs_${name}`, Number(ratio.toFixed(3))] as const];
        }),
    );
    return Object.fromEntries(pairs);
  }
}
