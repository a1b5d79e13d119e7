/**
 * What a user may do in his account: `administrator` everything, `reader` all that only reads, `custom` nothing by
 * itself. The latter two may have actions of their own besides.
 */
export const roles = ["administrator", "reader", "custom"] as const;
export type Role = (typeof roles)[number];

/** Whoever asks, as far as the access rules look at him. */
export interface Rights {
  readonly role: Role;
  /** Actions such as `css:VPCEndpoint:listConnection`, also `css:VPCEndpoint:*` and `css:*`. */
  readonly actions: readonly string[];
}

/** Form of an action list's entries. */
export const actionPattern = "^[a-z]+:(?:\\*|[A-Za-z]+:(?:\\*|[A-Za-z]+))$";

/** Published actions begin with what they do. */
const reading = /:(?:get|list|show|check)[A-Za-z]*$/;

/** Tells whether the access rules let somebody do what an operation does. */
export function isAllowed(rights: Rights, action: string): boolean {
  if (rights.role === "administrator") return true;
  if (rights.role === "reader" && reading.test(action)) return true;
  return rights.actions.some((allowed) => covers(allowed, action));
}

function covers(allowed: string, action: string): boolean {
  return allowed === action || (allowed.endsWith(":*") && action.startsWith(allowed.slice(0, -1)));
}
