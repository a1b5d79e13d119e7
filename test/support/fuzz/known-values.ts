/** What a value names, by the keys and path parts that lead to it: the last of them that says something decides. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/^service$|service_name$/i, "service_name"],
  [/endpoint_service|services$|service_id$/i, "service"],
  [/^port_id$|clusters?(_id)?$/i, "cluster"],
  [/permissions?(_id)?$/i, "permission"],
  [/subnets?(_id)?$/i, "subnet"],
  [/vpcs?(_id)?$/i, "vpc"],
  [/users?(_id)?$/i, "user"],
  [/keys?(_id)?$/i, "key"],
  [/connections|endpoints?(_id|_id_list|IdList)?$/i, "endpoint"],
  [/resource_id/, "endpoint"],
  [/projects?(_id)?$/i, "project"],
  [/^webhooks?(_id)?$/, "webhook"],
  [/^deliver(y_id|ies)$/, "delivery"],
  // Elsewhere an account is called a domain.
  [/^domains$/, "private_domain"],
  [/^accounts?(_id)?$/, "account"],
  [/^session_id$/, "session"],
  [/^node_id$/, "node_id"],
  [/nodes$/, "node"],
];

/** @param trail keys or path parts, outermost first @returns undefined where they name nothing that can be known */
export function kindOf(trail: readonly string[]): string | undefined {
  for (const part of trail.toReversed()) {
    const kind = kinds.find(([pattern]) => pattern.test(part));
    if (kind) return kind[1];
  }
  return undefined;
}

const keptOfEach = 12;
const placeholder = /\{\{(\w+):(\d+)\}\}/g;
const unknownId = "00000000-0000-4000-8000-000000000000";

/** Ids and names of what exists, the newest first, learned from answers, so that requests go past "not found". */
export class KnownValues {
  readonly #ofKind = new Map<string, string[]>();
  readonly #fixed: Readonly<Record<string, string>>;

  /** @param fixed what the run itself depends on, by kind: it stands for nothing else, whatever answers name it */
  constructor(fixed: Readonly<Record<string, string>>) {
    this.#fixed = fixed;
  }

  add(kind: string, value: string): void {
    const values = this.#ofKind.get(kind) ?? [];
    if (Object.values(this.#fixed).includes(value) || values.includes(value)) return;
    this.#ofKind.set(kind, [value, ...values].slice(0, keptOfEach));
  }

  /** Forgets what is gone. */
  remove(value: string): void {
    for (const [kind, values] of this.#ofKind) {
      this.#ofKind.set(
        kind,
        values.filter((one) => one !== value),
      );
    }
  }

  /** Takes over what an answer names. @param path of the request, whose parts name what the answer is about */
  learn(path: string, answer: unknown): void {
    this.#walk(path.split("?")[0]?.split("/") ?? [], answer, 0);
  }

  /** Fills in every `{{kind:number}}`. */
  fill(template: string): string {
    return template.replaceAll(placeholder, (_all, kind: string, index: string) => {
      const values = this.#ofKind.get(kind) ?? [];
      return this.#fixed[kind] ?? values[Number(index) % values.length] ?? unknownId;
    });
  }

  #walk(trail: readonly string[], value: unknown, depth: number): void {
    if (depth > 6 || typeof value !== "object" || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      if (typeof child !== "string") this.#walk([...trail, key], child, depth + 1);
      else if (/^id$|.+_id$|service_?name$|^access_key$/i.test(key)) {
        const kind = kindOf(key === "id" ? trail : [key]);
        if (kind !== undefined) this.add(kind === "node" ? "node_id" : kind, child);
      } else if (key === "name" && trail.includes("postern") && trail.includes("clusters")) {
        this.add("registered", child);
      }
    }
  }
}
