import { Type } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import { hashToken, newAccessKeyPair, newToken } from "../../lib/secrets.ts";
import { record } from "../actions/record.ts";
import { defineOperation } from "../operation.ts";
import { stringEnum } from "../schema.ts";
import { renderTime } from "./render.ts";
import { sessionsLimit } from "./create-token.ts";

const body = Type.Object({
  auth: Type.Object({
    identity: Type.Object({
      methods: Type.Array(stringEnum(["token"]), { minItems: 1, maxItems: 1 }),
      token: Type.Optional(
        Type.Object({
          duration_seconds: Type.Optional(Type.Integer({ minimum: 900, maximum: 86_400 })),
        }),
      ),
    }),
  }),
});

/** Makes an access key that is over soon, for whoever signed in with a token (contract section 4.2). */
export const createTemporaryAccessKey = defineOperation({
  id: "CreateTemporaryAccessKeyByToken",
  method: "POST",
  path: "/v3.0/OS-CREDENTIAL/securitytokens",
  action: "iam:securitytokens:create",
  access: "signed_in",
  protocol: "iam",
  schemas: { body },
  async handle(request, context) {
    const { clock, seal } = context;
    // Else a temporary key could be made to live for ever, one after the other.
    if (request.headers["x-auth-token"] === undefined) {
      throw new PosternError("forbidden", "Sign in with a token to get a temporary access key.");
    }
    const { duration_seconds: durationSeconds = 900 } = request.body.auth.identity.token ?? {};
    const { userId } = request.principal;
    const { id, secret } = newAccessKeyPair();
    const [securityToken, sealedSecret, now] = [newToken(), seal(secret), clock.now()];
    const expiresAt = now + durationSeconds * 1_000;
    const audit = { actor: userId, action: "createTemporaryKey", resource: `key/${id}` };
    await record(context, request, audit, async ({ identity }) => {
      await identity.insertAccessKey({
        id,
        userId,
        sealedSecret,
        securityToken: { hash: hashToken(securityToken), expiresAt },
        createdAt: now,
      });
      await identity.trimSessions(userId, sessionsLimit, now);
    });
    return {
      status: 201,
      body: {
        credential: {
          access: id,
          secret,
          securitytoken: securityToken,
          expires_at: renderTime(expiresAt),
        },
      },
    };
  },
});
