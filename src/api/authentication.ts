import type { Store } from "../domain/store.ts";
import type { Clock } from "../lib/clock.ts";
import { hashToken } from "../lib/secrets.ts";
import { notAuthenticated } from "./errors.ts";
import { noProject, type Principal } from "./operation.ts";

/** Tokens remembered at once; one more starts over. */
const cacheLimit = 10_000;
/** Longest token that is looked up at all. */
const tokenLengthLimit = 4_096;

interface Known {
  readonly principal: Principal;
  readonly expiresAt: number | null;
}

/** Finds out who sent a request, from its `X-Auth-Token`. */
export class TokenAuthenticator {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();
  #generation = -1;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Returns the principal of a token that this process has seen since identities changed last, without touching the store;
   * undefined where `authenticate` has to look it up.
   */
  recall(token: unknown): Principal | undefined {
    if (typeof token !== "string" || this.#generation !== this.#store.identityGeneration) return undefined;
    const known = this.#known.get(token);
    return known && !this.#isExpired(known.expiresAt) ? known.principal : undefined;
  }

  /** @throws ApiGatewayError 401 APIGW.0301 where there is no token, or not a valid one */
  async authenticate(token: unknown): Promise<Principal> {
    if (typeof token !== "string" || token === "") throw notAuthenticated("x-auth-token not found");
    if (token.length > tokenLengthLimit) throw notAuthenticated("decrypt token fail");
    const generation = this.#store.identityGeneration;
    const known = await this.#lookUp(hashToken(token));
    if (this.#generation !== generation || this.#known.size >= cacheLimit) {
      this.#known.clear();
      this.#generation = generation;
    }
    this.#known.set(token, known);
    return known.principal;
  }

  async #lookUp(hash: string): Promise<Known> {
    const { identity } = this.#store;
    const token = await identity.tokenByHash(hash);
    const user = token && (await identity.user(token.userId));
    if (!token || !user) throw notAuthenticated("decrypt token fail");
    if (this.#isExpired(token.expiresAt)) {
      throw notAuthenticated(`token expires, expires_at:${new Date(token.expiresAt ?? 0).toISOString()}`);
    }
    const { accountId, isOperator, role, actions } = user;
    const projectId = token.projectId ?? noProject;
    return {
      principal: { userId: user.id, accountId, projectId, isOperator, role, actions },
      expiresAt: token.expiresAt,
    };
  }

  #isExpired(expiresAt: number | null): boolean {
    return expiresAt !== null && expiresAt <= this.#clock.now();
  }
}
