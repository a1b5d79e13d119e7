import { PosternError } from "./errors.ts";
import type { Tag } from "./resources.ts";

/** Most tags of one resource (contract section 3.2). */
export const tagLimit = 20;
const keyPattern = /^[\p{L}\p{N}_@-]{1,128}$/u;
const valuePattern = /^[\p{L}\p{N}_@-]{0,255}$/u;

/**
 * Returns `present` with `added` put over it.
 * @throws PosternError tag_key_malformed, tag_value_malformed, tag_key_twice, tags_full
 */
export function addTags(
  present: readonly Tag[],
  added: readonly { key: string; value?: string }[],
): readonly Tag[] {
  const tags = new Map(present.map((tag) => [tag.key, tag.value]));
  const given = new Set(added.map(({ key }) => key));
  if (given.size < added.length) {
    throw new PosternError("tag_key_twice", "Two of the tags have the same key. Give each key once.");
  }
  for (const { key, value = "" } of added) {
    checkTag(key, value);
    tags.set(key, value);
  }
  if (tags.size > tagLimit) {
    throw new PosternError("tags_full", `A resource has up to ${tagLimit} tags. Remove one first.`);
  }
  return [...tags].map(([key, value]) => ({ key, value }));
}

function checkTag(key: string, value: string): void {
  const isKeyValid = keyPattern.test(key);
  if (isKeyValid && valuePattern.test(value)) return;
  throw new PosternError(
    isKeyValid ? "tag_value_malformed" : "tag_key_malformed",
    `The tag ${key}=${value} is not valid: letters, digits, -, _ and @; 1 to 128 in a key, up to 255 in a value.`,
  );
}

/** Returns `present` without the keys; a tag that is given with a value goes only where it has that value. */
export function removeTags(
  present: readonly Tag[],
  removed: readonly { key: string; value?: string }[],
): readonly Tag[] {
  return present.filter(
    (tag) => !removed.some(({ key, value = "" }) => key === tag.key && (value === "" || value === tag.value)),
  );
}

/** What one has to say about tags to find resources; every part that is there must hold. */
export interface TagQuery {
  readonly tags?: readonly TagMatch[];
  readonly tags_any?: readonly TagMatch[];
  readonly not_tags?: readonly TagMatch[];
  readonly not_tags_any?: readonly TagMatch[];
  readonly without_any_tag?: boolean;
}

export interface TagMatch {
  readonly key: string;
  /** One of these; any value where there are none. `*` before a value: the rest is contained. */
  readonly values?: readonly string[];
}

export function matchesTags(present: readonly Tag[], query: TagQuery): boolean {
  if (query.without_any_tag === true) return present.length === 0;
  const has = (match: TagMatch): boolean => hasTag(present, match);
  const { tags = [], tags_any: any = [], not_tags: notAll = [], not_tags_any: notAny = [] } = query;
  return (
    tags.every(has) &&
    (any.length === 0 || any.some(has)) &&
    (notAll.length === 0 || !notAll.every(has)) &&
    !notAny.some(has)
  );
}

function hasTag(present: readonly Tag[], { key, values = [] }: TagMatch): boolean {
  const tag = present.find((one) => one.key === key);
  if (!tag) return false;
  return values.length === 0 || values.some((value) => isLikeValue(tag.value, value));
}

function isLikeValue(value: string, wanted: string): boolean {
  return wanted.startsWith("*") ? value.includes(wanted.slice(1)) : value === wanted;
}
