import { isIP } from "node:net";
import type { LiveView } from "../../domain/control.ts";
import { PosternError } from "../../domain/errors.ts";
import { explain, type ExplainFacts, type ExplainQuestion, type Explanation } from "../../domain/explain.ts";
import type { AccountId, EndpointId } from "../../domain/ids.ts";
import type { Repositories } from "../../domain/store.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { projectParams } from "../schema.ts";
import { locate, ownerOf, type Located } from "./locate-endpoint.ts";
import { explanationAnswer } from "../answers/endpoint.ts";
import { Type } from "../type-builder.ts";

const query = Type.Object({
  endpoint: Type.String({ minLength: 1, maxLength: 100 }),
  account: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  source: Type.Optional(Type.String({ minLength: 2, maxLength: 45 })),
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
});

/** What a gateway does with a new connection now, rule by rule; for the consumer and for the service's owner. */
export const explainConnection = defineOperation({
  id: "ExplainConnection",
  method: "GET",
  path: "/postern/v1/:project_id/explain",
  action: "vpcep:endpoints:get",
  schemas: { params: projectParams, query, answer: explanationAnswer },
  async handle({ principal, query: asked }, { store, live }) {
    if (asked.source !== undefined && isIP(asked.source) === 0)
      throw new PosternError(
        "bad_parameter",
        `"${asked.source}" is no address, as 10.1.0.7 or fd00:1::7 are.`,
      );
    return store.read(async (tx) => {
      const located = await requireVisible(tx, principal, asked.endpoint);
      const viewer = located.service.projectId === principal.projectId ? "owner" : "consumer";
      const account = asked.account as AccountId | undefined;
      if (viewer === "consumer" && account !== undefined && account !== located.endpoint.accountId)
        throw onlyOwner(account);
      const question: ExplainQuestion = { viewer, account, source: asked.source, port: asked.port };
      const facts = await factsOf(tx, located, live);
      return { body: render(located.endpoint.id, question, explain(facts, question)) };
    });
  },
});

function onlyOwner(account: AccountId): PosternError {
  return new PosternError(
    "bad_parameter",
    `Only the owner of the service may ask about account ${account}. Leave it out, to ask about your own.`,
  );
}

/** @throws PosternError endpoint_not_found: also for one that is neither the project's nor at its services */
async function requireVisible(tx: Repositories, principal: Principal, id: string): Promise<Located> {
  const endpoint = await tx.endpoints.find(id as EndpointId);
  const located = endpoint && (await locate(tx, endpoint.id));
  const isVisible =
    located?.endpoint.projectId === principal.projectId || located?.service.projectId === principal.projectId;
  if (located && isVisible) return located;
  throw new PosternError("endpoint_not_found", `Endpoint ${id} does not exist in this project.`);
}

async function factsOf(tx: Repositories, located: Located, live: LiveView): Promise<ExplainFacts> {
  const { endpoint, service } = located;
  const vpc = await tx.networks.vpc(endpoint.vpcId);
  if (!vpc) throw new TypeError(`endpoint ${endpoint.id} names a network that does not exist`);
  const gateways = live.gateways();
  const seen = gateways.flatMap(({ lastSeenAt }) => lastSeenAt ?? []);
  return {
    ...located,
    vpc,
    owner: await ownerOf(tx, service),
    permissions: (await tx.services.permissions(service.id)).map(({ permission }) => permission),
    gateways,
    figures: live.endpoint(endpoint.id),
    recent: live.recentRate(endpoint.id),
    isUsable: ({ id, drain }) => drain === undefined && live.node(id)?.healthy !== false,
    asOf: seen.length === 0 ? null : Math.max(...seen),
  };
}

function render(
  endpoint: EndpointId,
  question: ExplainQuestion,
  { verdict, reason, rules }: Explanation,
): object {
  const { account, source, port } = question;
  return {
    endpoint,
    ...(account === undefined ? {} : { account }),
    ...(source === undefined ? {} : { source }),
    ...(port === undefined ? {} : { port }),
    verdict,
    ...(reason === null ? {} : { reason }),
    rules: rules.map(({ name, outcome, reason: why, lookedAt, change }) => ({
      name,
      outcome,
      ...(why === undefined ? {} : { reason: why }),
      looked_at: lookedAt,
      ...(change === undefined ? {} : { change }),
    })),
  };
}
