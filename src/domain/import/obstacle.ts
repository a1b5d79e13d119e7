import { PosternError } from "../errors.ts";

/** What an obstacle is about: one entry of the listing by its id, or the service by its name. */
export type Subject =
  | { readonly connection: string }
  | { readonly permission: string }
  | { readonly service: string };

/** Why something of a listing cannot be taken over as it is, and what to do about it. */
export type Obstacle = Subject & { readonly reason: string; readonly fix: string };

/** Most obstacles that one error lists; its message says how many there are. */
const shownLimit = 1_000;

export const fixFile = "Correct it in the file, or save the listing again.";

/** Refuses an import. Nothing was changed. */
export class ObstacleError extends PosternError {
  readonly obstacles: readonly Obstacle[];

  constructor(obstacles: readonly Obstacle[]) {
    const count = obstacles.length;
    super(
      "import_obstacles",
      `The listing cannot be imported as it is: ${count === 1 ? "1 obstacle is" : `${count} obstacles are`} in the way. ` +
        "Nothing was changed. Remove what the list names, and import again.",
    );
    this.name = "ObstacleError";
    this.obstacles = obstacles.slice(0, shownLimit);
  }
}

/** Returns an obstacle for fields that would be lost, or none. */
export function lostFields(subject: Subject, names: readonly string[]): readonly Obstacle[] {
  if (names.length === 0) return [];
  return [
    {
      ...subject,
      reason: `It has fields that Postern does not keep: ${names.join(", ")}.`,
      fix: "Take them out of the file.",
    },
  ];
}

/** Returns the ids that come more than once. */
export function repeatedIds(items: readonly { readonly id: string }[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { id } of items) (seen.has(id) ? repeated : seen).add(id);
  return repeated;
}
