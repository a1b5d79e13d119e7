import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { Static, TSchema } from "typebox";
import type { Enforcement, LiveView } from "../domain/control.ts";
import type { QuestionAsker } from "../domain/gateway-question.ts";
import type { AccountId, ProjectId, UserId } from "../domain/ids.ts";
import type { Maintenance } from "./maintenance.ts";
import type { Rights } from "../domain/roles.ts";
import type { SampleBook } from "../domain/sample-book.ts";
import type { Store } from "../domain/store.ts";
import type { WebhookSender } from "../domain/webhook.ts";
import type { Clock } from "../lib/clock.ts";
import type { ProbeAnswer, ProbeTarget } from "../lib/http-probe.ts";
import type { WantedLevel } from "../lib/wanted-level.ts";
import type { TxtLookup } from "../lib/txt-lookup.ts";
import type { Protocol } from "./error-catalogue.ts";
import type { EventStreams } from "./event-streams.ts";
import type { PasswordCheck } from "./password-check.ts";
import type { ResponseCache } from "./response-cache.ts";

/** Who makes a request. */
export interface Principal extends Rights {
  readonly userId: UserId;
  readonly accountId: AccountId;
  /** `noProject` where none was chosen. */
  readonly projectId: ProjectId;
  readonly isOperator: boolean;
}

/** Project of somebody who signed in to an account as a whole: no path names it. */
export const noProject = "" as ProjectId;

/** Everything that operations work with, wired once. */
export interface ApiContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly region: string;
  /** Zone of the endpoints' private names. */
  readonly zone: string;
  readonly version: string;
  readonly enforcement: Enforcement;
  readonly live: LiveView;
  /** What only the gateways know. */
  readonly questions: QuestionAsker;
  readonly maintenance: Maintenance;
  /** What is wanted of each kind of process, beside what it was started with. */
  readonly logLevels: Readonly<Record<"server" | "gateway", WantedLevel>>;
  readonly cache: ResponseCache;
  readonly streams: EventStreams;
  readonly samples: Pick<SampleBook, "samples" | "throughput">;
  readonly webhooks: WebhookSender;
  readonly seal: (plain: string) => string;
  readonly unseal: (sealed: string) => string;
  readonly passwords: PasswordCheck;
  readonly lookUpTxt: TxtLookup;
  /** Asks a node over HTTP; throws with a message for people. */
  readonly probe: (target: ProbeTarget) => Promise<ProbeAnswer>;
}

export interface Schemas {
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** What an answer that is no refusal has as its body. Tests hold every answer to it. */
  readonly answer?: TSchema;
}

type Part<S extends Schemas, Key extends keyof Schemas> = S[Key] extends TSchema ? Static<S[Key]> : undefined;

export interface OperationRequest<S extends Schemas = Schemas> {
  readonly principal: Principal;
  readonly requestId: string;
  /** Address of whoever is at the other end of the connection; what a header says of others is not looked at. */
  readonly source: string;
  /** As they came, names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Value of If-Match, or undefined. */
  readonly ifMatch: string | undefined;
  /** Tells, for answers that go on for long, whether whoever asked still may: his credential and rights may have ended. */
  readonly isStillAllowed: () => Promise<boolean>;
  readonly params: Part<S, "params">;
  readonly query: Part<S, "query">;
  readonly body: Part<S, "body">;
}

/** An answer as plain data; only the server touches the connection. */
export interface OperationReply {
  /** 200 where it is left out. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Rendered as JSON; text and bytes are taken as JSON that is already rendered. A stream is what its headers say. */
  readonly body?: object | string | Buffer | Readable;
}

/** One operation of the wire, declared once: route, validation and documentation come from it. */
export interface Operation<S extends Schemas = Schemas> {
  /** Published operation id, or ours in the same style. */
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Fastify's path syntax. */
  readonly path: string;
  /** Serves only requests whose Host matches, before an operation of the same path that serves every host. */
  readonly host?: RegExp;
  /** Action of the access rules (contract sections 1 and 3). */
  readonly action: string;
  /** `public`: no credential is looked at. `signed_in`: everybody who has one. Else the access rules decide. */
  readonly access?: "public" | "signed_in";
  readonly schemas: S;
  /** How refusals are rendered; `css` where it is left out. */
  readonly protocol?: Protocol;
  /** Media type of the answer; JSON where it is left out. */
  readonly answers?: string;
  /** The answer depends on the URL and the data alone, and is read far more often than it changes. */
  readonly isCacheable?: true;
  handle(request: OperationRequest<S>, context: ApiContext): Promise<OperationReply>;
}

/** Keeps the schemas' types for the handler and forgets them for the table of operations. */
export function defineOperation<const S extends Schemas>(operation: Operation<S>): Operation {
  return operation;
}
