import { Type } from "typebox";
import { stringEnum } from "../schema.ts";

/** Paging and sorting of every list of the endpoint service (contract section 3.3). */
export const pagingFields = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  sort_key: Type.Optional(stringEnum(["create_at", "update_at", "created_at", "updated_at"])),
  sort_dir: Type.Optional(stringEnum(["asc", "desc"])),
};

export interface Paging {
  readonly limit?: number;
  readonly offset?: number;
  readonly sort_key?: "create_at" | "update_at" | "created_at" | "updated_at";
  readonly sort_dir?: "asc" | "desc";
}

interface Dated {
  readonly id: string;
  readonly createdAt: number;
  readonly updatedAt?: number | null;
}

/** Returns the wanted slice, newest first unless the query says otherwise; ties go by id, so that pages fit. */
export function pageOf<Item extends Dated>(items: readonly Item[], query: Paging): readonly Item[] {
  const { limit = 10, offset = 0, sort_key: key = "created_at", sort_dir: direction = "desc" } = query;
  const time = (item: Item): number =>
    key.startsWith("update") ? (item.updatedAt ?? item.createdAt) : item.createdAt;
  const sign = direction === "asc" ? 1 : -1;
  const sorted = items.toSorted((a, b) => sign * (time(a) - time(b)) || (a.id < b.id ? -1 : 1));
  return sorted.slice(offset, offset + limit);
}

/** Whether `text` holds `part`, in whatever case; an absent part is in everything. */
export function isLike(text: string, part: string | undefined): boolean {
  return part === undefined || text.toLowerCase().includes(part.toLowerCase());
}
