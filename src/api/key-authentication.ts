import { timingSafeEqual } from "node:crypto";
import type { ProjectId } from "../domain/ids.ts";
import type { SecurityToken } from "../domain/resources.ts";
import type { Store } from "../domain/store.ts";
import type { Clock } from "../lib/clock.ts";
import { hashToken } from "../lib/secrets.ts";
import { notAuthenticated } from "./errors.ts";
import { FailureLock } from "./failure-lock.ts";
import { noProject, type Principal } from "./operation.ts";
import type { SignatureHeader } from "./signature/authorization.ts";
import { canonicalRequest, type SignableRequest } from "./signature/canonical-request.ts";
import { verifySignature } from "./signature/verify.ts";

/** Keys remembered at once; one more starts over. */
const cacheLimit = 10_000;

interface KnownKey {
  readonly secret: string;
  readonly securityToken: SecurityToken | null;
  readonly user: Omit<Principal, "projectId">;
  /** The account's, oldest first. */
  readonly projects: readonly ProjectId[];
}

/** A request that says who signed it. */
export interface SignedRequest extends SignableRequest {
  readonly signature: SignatureHeader;
  readonly sdkDate: string | undefined;
  readonly securityToken: string | undefined;
  /** Projects that the request names, in the order of their weight. */
  readonly wantedProjects: readonly unknown[];
  /** For the audit trail. */
  readonly requestId: string;
  readonly source: string;
}

/** Finds out who sent a request, from its signature with an access key. */
export class KeyAuthenticator {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #unseal: (sealed: string) => string;
  readonly #lock: FailureLock;
  readonly #known = new Map<string, KnownKey>();
  #generation = -1;

  constructor(store: Store, clock: Clock, unseal: (sealed: string) => string) {
    this.#store = store;
    this.#clock = clock;
    this.#unseal = unseal;
    this.#lock = new FailureLock(clock);
  }

  /**
   * Works in the project that the request names, if it is the account's, else in its oldest.
   * @throws ApiGatewayError 401 APIGW.0301 in the published words (contract section 4.5)
   */
  async authenticate(request: SignedRequest): Promise<Principal> {
    const { accessKey } = request.signature;
    const key = this.#recall(accessKey) ?? (await this.#lookUp(accessKey));
    if (this.#lock.isLocked(accessKey)) {
      throw notAuthenticated("AK access failed to reach the limit,forbidden");
    }
    this.#checkSecurityToken(key, request.securityToken);
    await this.#checkSignature(key, request);
    const wanted = request.wantedProjects.find((id) => key.projects.includes(id as ProjectId));
    return { ...key.user, projectId: (wanted as ProjectId | undefined) ?? key.projects[0] ?? noProject };
  }

  /**
   * Returns what whoever has the key may do now.
   * @throws ApiGatewayError 401 where there is no such key any more, or it is over
   */
  async rightsOf(id: string): Promise<Omit<Principal, "projectId">> {
    const { user, securityToken } = this.#recall(id) ?? (await this.#lookUp(id));
    if (securityToken) this.#checkExpiry(securityToken);
    return user;
  }

  #checkSecurityToken({ securityToken }: KnownKey, sent: string | undefined): void {
    if (!securityToken) return;
    const hash = Buffer.from(hashToken(sent ?? ""));
    if (!timingSafeEqual(hash, Buffer.from(securityToken.hash))) {
      throw notAuthenticated("Get secretKey failed");
    }
    this.#checkExpiry(securityToken);
  }

  #checkExpiry({ expiresAt }: SecurityToken): void {
    if (expiresAt > this.#clock.now()) return;
    throw notAuthenticated(`token expires, expires_at:${new Date(expiresAt).toISOString()}`);
  }

  async #checkSignature({ secret, user }: KnownKey, request: SignedRequest): Promise<void> {
    const { signature, sdkDate } = request;
    const now = this.#clock.now();
    const fault = verifySignature(request, signature, secret, sdkDate, now);
    switch (fault) {
      case undefined:
        this.#lock.succeeded(signature.accessKey);
        return;
      case "expired":
        throw notAuthenticated(
          `calc aksk signature fail:signature expired, signature time:${sdkDate ?? ""},server time:${renderSdkDate(now)}`,
        );
      case "no date":
        throw notAuthenticated("calc aksk signature fail:x-sdk-date not found, malformed, or not signed");
      case "mismatch": {
        if (this.#lock.failed(signature.accessKey)) {
          await this.#store.observe(() => Promise.resolve(), {
            actor: user.userId,
            accountId: user.accountId,
            action: "lockKey",
            resource: `key/${signature.accessKey}`,
            requestId: request.requestId,
            source: request.source,
          });
        }
        const canonical = canonicalRequest(request, signature.signedHeaders, "decoded");
        const shown = canonical.replaceAll("\n", "|");
        throw notAuthenticated(`verify aksk signature fail, canonicalRequest:${shown}`);
      }
    }
  }

  #recall(id: string): KnownKey | undefined {
    return this.#generation === this.#store.identityGeneration ? this.#known.get(id) : undefined;
  }

  async #lookUp(id: string): Promise<KnownKey> {
    const generation = this.#store.identityGeneration;
    const known = await this.#store.read(async ({ identity }) => {
      const key = await identity.accessKey(id);
      const user = key && (await identity.user(key.userId));
      if (!key || !user) throw notAuthenticated(`ak ${id} not exist`);
      const { id: userId, accountId, isOperator, role, actions } = user;
      const projects = (await identity.projects(accountId)).map((project) => project.id);
      return {
        secret: this.#unseal(key.sealedSecret),
        securityToken: key.securityToken,
        user: { userId, accountId, isOperator, role, actions },
        projects,
      };
    });
    if (this.#generation !== generation || this.#known.size >= cacheLimit) {
      this.#known.clear();
      this.#generation = generation;
    }
    this.#known.set(id, known);
    return known;
  }
}

function renderSdkDate(now: number): string {
  return new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, "");
}
