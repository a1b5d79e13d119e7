import type { Static } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import type { Token, User } from "../../domain/resources.ts";
import type { AuditEntry, Repositories } from "../../domain/store.ts";
import { hashToken } from "../../lib/secrets.ts";
import { auditEntry } from "../actions/audit-entry.ts";
import type { ApiContext, OperationRequest } from "../operation.ts";
import { Type } from "../type-builder.ts";

/** Contract section 4.1. */
const validityMs = 24 * 3_600_000;
export const name = Type.String({ minLength: 1, maxLength: 128 });
/** What somebody shows to be signed in (contract section 4.1). */
export const identity = Type.Object({
  methods: Type.Array(name, { minItems: 1, maxItems: 4 }),
  password: Type.Optional(
    Type.Object({
      user: Type.Object({
        name,
        password: Type.String({ minLength: 1, maxLength: 256 }),
        domain: Type.Object({ name }),
      }),
    }),
  ),
  token: Type.Optional(Type.Object({ id: Type.String({ minLength: 1, maxLength: 4_096 }) })),
});
type Identity = Static<typeof identity>;

/** Who somebody has shown to be, and for how long that holds. */
export interface Proof {
  readonly user: User;
  readonly methods: Token["methods"];
  readonly expiresAt: number;
  /** Tells, inside the transaction, whether it still holds. */
  readonly holds: (tx: Repositories) => Promise<boolean>;
}

/** @throws PosternError bad_parameter, missing_parameter, credentials_wrong */
export function prove(context: ApiContext, request: OperationRequest, shown: Identity): Promise<Proof> {
  const [method, ...others] = shown.methods;
  if (others.length > 0 || (method !== "password" && method !== "token")) {
    throw new PosternError(
      "bad_parameter",
      'The body auth.identity.methods must be ["password"] or ["token"].',
    );
  }
  const { password, token } = shown;
  if (method === "password" && password) return provePassword(context, request, password.user);
  if (method === "token" && token) return proveToken(context, token.id);
  throw new PosternError(
    "missing_parameter",
    `The body auth.identity lacks ${method}, which its methods name.`,
  );
}

async function provePassword(
  context: ApiContext,
  request: OperationRequest,
  wish: NonNullable<Identity["password"]>["user"],
): Promise<Proof> {
  const { store, passwords } = context;
  const account = await store.identity.accountByName(wish.domain.name);
  const user = account && (await store.identity.userByName(account.id, wish.name));
  await passwords.check(`${wish.domain.name}/${wish.name}`, wish.password, user?.passwordHash, async () => {
    // A name that nobody has is locked too, and leaves no trace: whoever makes names up could fill the disk.
    if (user) await recordLock(context, request, user);
  });
  // The check throws where there is no user; this tells the compiler.
  if (!user) throw new PosternError("credentials_wrong", "The username or password is wrong.");
  return {
    user,
    methods: ["password"],
    expiresAt: context.clock.now() + validityMs,
    // A password that was replaced while it was checked signs nobody in.
    holds: async (tx) => (await tx.identity.user(user.id))?.passwordHash === user.passwordHash,
  };
}

/** The new token ends when the old one does, at the latest: nobody stays signed in by exchanging tokens. */
async function proveToken({ store, clock }: ApiContext, secret: string): Promise<Proof> {
  const now = clock.now();
  const hash = hashToken(secret);
  const token = await store.identity.tokenByHash(hash);
  const user = token && (await store.identity.user(token.userId));
  if (!token || !user || (token.expiresAt ?? now + 1) <= now) throw tokenOver();
  return {
    user,
    methods: ["token", ...token.methods.filter((method) => method !== "token")],
    expiresAt: Math.min(token.expiresAt ?? Number.POSITIVE_INFINITY, now + validityMs),
    holds: async (tx) => (await tx.identity.tokenByHash(hash)) !== undefined,
  };
}

function tokenOver(): PosternError {
  return new PosternError(
    "credentials_wrong",
    "The token does not exist or is over. Sign in with the password.",
  );
}

/** Also where a sign-in was only rehearsed: the failure counts all the same. */
async function recordLock({ store }: ApiContext, request: OperationRequest, user: User): Promise<void> {
  await store.observe(() => Promise.resolve(), entryOfUser(request, user, "lockPassword"));
}

/** Returns what the audit trail says of a request that is nobody's yet, and about this user. */
export function entryOfUser(request: OperationRequest, user: User, action: string): AuditEntry {
  const entry = auditEntry(request, action, `user/${user.id}`);
  return { ...entry, actor: user.id, accountId: user.accountId };
}
