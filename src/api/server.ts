import { Readable } from "node:stream";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { PosternError } from "../domain/errors.ts";
import type { AccountId, UserId } from "../domain/ids.ts";
import { isAllowed } from "../domain/roles.ts";
import type { Logger } from "../lib/log.ts";
import { requestIdSource } from "../lib/request-id.ts";
import { DryRun, renderPlan } from "./actions/dry-run.ts";
import { TokenAuthenticator } from "./authentication.ts";
import { answerBrokenRequest, ignoreExpectations } from "./broken-request.ts";
import type { Protocol } from "./error-catalogue.ts";
import { ApiGatewayError, apiNotFound, describeError, errorBody } from "./errors.ts";
import { etagMatches } from "./etag.ts";
import { KeyAuthenticator } from "./key-authentication.ts";
import { openApiRoutes } from "./openapi/routes.ts";
import {
  noProject,
  type ApiContext,
  type Operation,
  type OperationReply,
  type Principal,
} from "./operation.ts";
import { observeRequests, type RequestObserver } from "./request-observer.ts";
import { RequestLog } from "./request-log.ts";
import type { ResponseCache } from "./response-cache.ts";
import type { SignatureHeader } from "./signature/authorization.ts";
import { cookieToken } from "./session-cookie.ts";
import { readSignature, readUnreadBody, signedRequest } from "./signed-request.ts";
import { checker, type Check } from "./validation.ts";

const bodyLimitBytes = 1024 * 1024;
/** Longest time that a client may take to send a whole request. */
const requestTimeoutMs = 30_000;
const json = "application/json; charset=utf-8";

/** Whoever asks for what is public. */
const nobody: Principal = {
  userId: "" as UserId,
  accountId: "" as AccountId,
  projectId: noProject,
  isOperator: false,
  role: "custom",
  actions: [],
};

declare module "fastify" {
  interface FastifyRequest {
    /** null until it is known who asks; for a signed request that is when its body is there. */
    principal: Principal | null;
    signature: SignatureHeader | null;
  }
  interface FastifyContextConfig {
    protocol?: Protocol;
    /** Id of the operation. */
    operation?: string;
  }
}

/** Registers routes that are not operations of the table: the gateways' own. */
export type ExtraRoutes = (app: FastifyInstance) => void;

/**
 * Builds the API. Call `listen` on the result, or `inject` in tests.
 * @param log gets a line for each write, for refused sign-ins, and for what went wrong unexpectedly. Fastify's own
 *   logging stays off: it costs as much as the rest of a request, for lines that nobody reads
 * @param observer hears of every request
 */
export function buildServer(
  context: ApiContext,
  operations: readonly Operation[],
  extraRoutes: ExtraRoutes,
  log: Logger,
  observer?: RequestObserver,
): FastifyInstance {
  const newRequestId = requestIdSource();
  const requests = new RequestLog(log);
  const app = Fastify({
    logger: false,
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: true,
    genReqId: newRequestId,
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, newRequestId()),
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => void sendError({ log, requests }, error, request, reply),
  });
  if (observer) observeRequests(app, observer);
  app.decorateRequest("principal", null);
  app.decorateRequest("signature", null);
  const keys = new KeyAuthenticator(context.store, context.clock, context.unseal);
  ignoreExpectations(app);
  acceptJson(app, keys);
  app.setErrorHandler((error, request, reply) => sendError({ log, requests }, error, request, reply));
  app.setNotFoundHandler((request, reply) => sendError({ log, requests }, apiNotFound(), request, reply));
  const credentials = { keys, tokens: new TokenAuthenticator(context.store, context.clock) };
  void app.register((scope, _options, done) => {
    authenticateRequests(scope, credentials.tokens);
    for (const operation of operations) {
      if (operation.access !== "public") addRoute(scope, operation, context, credentials, requests);
    }
    done();
  });
  for (const operation of operations) {
    if (operation.access === "public") addRoute(app, operation, context, credentials, requests);
  }
  void app.register((scope, _options, done) => {
    scope.addHook("onRequest", (request, reply, next) => {
      void reply.header("x-request-id", request.id);
      next();
    });
    openApiRoutes(scope, operations, context.version);
    extraRoutes(scope);
    done();
  });
  return app;
}

/** Empty bodies are allowed whatever the content type says: official clients send them (contract section 1.1). */
function acceptJson(app: FastifyInstance, keys: KeyAuthenticator): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    const read = (): void => {
      if (body.length === 0) done(null, undefined);
      else void parse(request, body.toString(), (error, value) => done(error && invalidJson(), value));
    };
    if (request.signature) admitSigned(request, keys, body as Buffer).then(read, done);
    else read();
  });
}

/** Settles who signed a request, over the bytes that came. @throws ApiGatewayError */
async function admitSigned(request: FastifyRequest, keys: KeyAuthenticator, body?: Buffer): Promise<void> {
  const { signature } = request;
  if (!signature) throw new TypeError("a request passed without authentication");
  const bytes = body ?? (await readUnreadBody(request, bodyLimitBytes));
  request.principal = await keys.authenticate(signedRequest(request, signature, bytes));
}

function invalidJson(): PosternError {
  return new PosternError("bad_parameter", "The request body is no valid JSON.");
}

function authenticateRequests(app: FastifyInstance, authenticator: TokenAuthenticator): void {
  app.addHook("onRequest", (request, _reply, done) => {
    const token = tokenOf(request);
    request.principal = authenticator.recall(token) ?? null;
    if (request.principal) {
      done();
      return;
    }
    admitByHeaders(request, authenticator).then(() => done(), done);
  });
}

/** Of the header that programs send, or of the cookie that the console's browser does. */
function tokenOf({ headers }: FastifyRequest): string | string[] | undefined {
  return headers["x-auth-token"] ?? (headers.cookie === undefined ? undefined : cookieToken(headers));
}

/** A signature without a token is checked later: it covers the body. */
async function admitByHeaders(request: FastifyRequest, authenticator: TokenAuthenticator): Promise<void> {
  const token = tokenOf(request);
  if (token === undefined) request.signature = readSignature(request);
  if (!request.signature) request.principal = await authenticator.authenticate(token);
}

interface Credentials {
  readonly tokens: TokenAuthenticator;
  readonly keys: KeyAuthenticator;
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => FastifyReply | Promise<FastifyReply>;

function addRoute(
  app: FastifyInstance,
  operation: Operation,
  context: ApiContext,
  credentials: Credentials,
  requests: RequestLog,
): void {
  const { params, query, body } = operation.schemas;
  const checkParams = params && checker(params, "path parameter");
  const checkQuery = query && checker(query, "query parameter");
  const checkBody = body && checker(body, "body");
  const answer = (request: FastifyRequest, principal: Principal): Promise<OperationReply> =>
    operation.handle(
      {
        principal,
        requestId: request.id,
        source: request.ip,
        headers: request.headers,
        ifMatch: request.headers["if-match"],
        isStillAllowed: () => isStillAllowed(request, operation, credentials),
        params: checkParams?.(request.params) as undefined,
        query: checkQuery?.(request.query) as undefined,
        body: readBody(checkBody, request.body) as undefined,
      },
      context,
    );
  const handle: Handler = operation.isCacheable
    ? cachedHandler(context.cache, operation, answer)
    : async (request, reply) => send(reply, request, await answer(request, authorised(request, operation)));
  app.route({
    method: operation.method,
    url: operation.path,
    ...(operation.host ? { constraints: { host: operation.host } } : {}),
    config: { protocol: operation.protocol ?? "css", operation: operation.id },
    handler: (request, reply) => {
      requests.begin(operation, request, reply);
      return request.principal || operation.access === "public"
        ? handle(request, reply)
        : admitSigned(request, credentials.keys).then(() => handle(request, reply));
    },
  });
}

/**
 * A kept answer goes out in the same turn of the event loop, before anything of the request is parsed: the URL that
 * named it was checked when it was made. It names the project too, so whoever may ask gets what he may see.
 */
function cachedHandler(
  cache: ResponseCache,
  operation: Operation,
  answer: (request: FastifyRequest, principal: Principal) => Promise<OperationReply>,
): Handler {
  return (request, reply) => {
    const principal = authorised(request, operation);
    const kept = cache.get(request.originalUrl, async () => answer(request, principal));
    return kept instanceof Promise
      ? kept.then((made) => send(reply, request, made))
      : sendKept(reply, request, kept);
  };
}

/**
 * Sends a kept answer past the framework's reply, which costs more than all the rest of the request. A conditional
 * request goes the common way: it may have no body to send.
 */
function sendKept(reply: FastifyReply, request: FastifyRequest, kept: OperationReply): FastifyReply {
  const { headers, body } = kept;
  const isRendered = typeof body === "string" || Buffer.isBuffer(body);
  if (!isRendered || request.headers["if-none-match"] !== undefined) return send(reply, request, kept);
  reply.hijack();
  reply.raw.writeHead(200, {
    "x-request-id": request.id,
    ...headers,
    "content-type": json,
    "content-length": Buffer.byteLength(body),
  });
  reply.raw.end(body);
  return reply;
}

/** An operation with a body but without required fields takes an absent one as empty. */
function readBody(check: Check | undefined, body: unknown): unknown {
  if (!check) return undefined;
  if (body !== undefined) return check(body);
  try {
    return check({});
  } catch {
    throw new PosternError("empty_body", "The request body is empty. Send a JSON object.");
  }
}

/**
 * The one place where the access rules are applied.
 * @throws PosternError where the path names another project than the principal's, or his role forbids the action
 */
function authorised(request: FastifyRequest, operation: Operation): Principal {
  if (operation.access === "public") return nobody;
  const { principal } = request;
  if (!principal) throw new TypeError("a request passed without authentication");
  const project = (request.params as { project_id?: string }).project_id;
  if (project !== undefined && project !== principal.projectId) {
    throw new PosternError(
      "not_authorized_for_project",
      `The token is not valid for project ${project}. Use a token of that project.`,
    );
  }
  if (operation.access !== "signed_in" && !isAllowed(principal, operation.action)) {
    throw new PosternError(
      "action_not_allowed",
      `Policy doesn't allow ${operation.action} to be performed. Ask an administrator of the account for it.`,
    );
  }
  return principal;
}

/** Looks again at who asks, and what he may: the answer of an operation may go on for days. */
async function isStillAllowed(
  request: FastifyRequest,
  operation: Operation,
  { tokens, keys }: Credentials,
): Promise<boolean> {
  const { signature, principal } = request;
  const token = tokenOf(request);
  try {
    const now = signature
      ? await keys.rightsOf(signature.accessKey)
      : (tokens.recall(token) ?? (await tokens.authenticate(token)));
    return principal?.accountId === now.accountId && isAllowed(now, operation.action);
  } catch (error) {
    if (error instanceof ApiGatewayError) return false;
    throw error;
  }
}

function send(reply: FastifyReply, request: FastifyRequest, answer: OperationReply): FastifyReply {
  const { status = 200, headers, body } = answer;
  void reply.header("x-request-id", request.id);
  if (headers) void reply.headers(headers);
  const etag = headers?.["etag"];
  const ifNoneMatch = request.headers["if-none-match"];
  if (etag !== undefined && ifNoneMatch !== undefined && etagMatches(ifNoneMatch, etag)) {
    return reply.code(304).send();
  }
  void reply.code(status);
  if (body === undefined) return reply.send();
  if (body instanceof Readable) return reply.send(body);
  void reply.header("content-type", json);
  return reply.send(typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body));
}

function sendError(
  { log, requests }: { readonly log: Logger; readonly requests: RequestLog },
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { protocol } = request.routeOptions.config;
  if (error instanceof DryRun) {
    return reply
      .code(200)
      .headers({ "x-request-id": request.id, "x-postern-dry-run": "true", "content-type": json })
      .send(JSON.stringify(renderPlan(error)));
  }
  const described = describeError(error, protocol);
  if (described.isUnexpected) log.error({ err: error, requestId: request.id }, "request failed");
  if (described.status === 401) requests.refusedSignIn(request, described.code);
  return reply
    .code(described.status)
    .headers({ "x-request-id": request.id, "content-type": json })
    .send(JSON.stringify(errorBody(described, request.id, protocol)));
}
