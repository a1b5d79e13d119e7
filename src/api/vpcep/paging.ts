import type { SortedPage } from "../../domain/store.ts";
import { stringEnum } from "../schema.ts";
import { Type } from "../type-builder.ts";

/** Paging and sorting of every list of the endpoint service (contract section 3.3). */
export const pagingFields = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  sort_key: Type.Optional(stringEnum(["create_at", "update_at", "created_at", "updated_at"])),
  sort_dir: Type.Optional(stringEnum(["asc", "desc"])),
};

interface Paging {
  readonly limit?: number;
  readonly offset?: number;
  readonly sort_key?: "create_at" | "update_at" | "created_at" | "updated_at";
  readonly sort_dir?: "asc" | "desc";
}

/** Returns the wanted slice: newest first unless the query says otherwise. */
export function readPaging(query: Paging): SortedPage {
  const { limit = 10, offset = 0, sort_key: key = "created_at", sort_dir: direction = "desc" } = query;
  return { limit, offset, sortBy: key.startsWith("update") ? "updatedAt" : "createdAt", direction };
}
