import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { PosternError } from "../domain/errors.ts";
import type { Logger } from "../lib/log.ts";
import { requestIdSource } from "../lib/request-id.ts";
import { TokenAuthenticator } from "./authentication.ts";
import { apiNotFound, describeError, errorBody } from "./errors.ts";
import { etagMatches } from "./etag.ts";
import type { ApiContext, Operation, OperationReply, Principal } from "./operation.ts";
import type { ResponseCache } from "./response-cache.ts";
import { checker, type Check } from "./validation.ts";

const bodyLimitBytes = 1024 * 1024;
/** Longest time that a client may take to send a whole request. */
const requestTimeoutMs = 30_000;
const json = "application/json; charset=utf-8";

declare module "fastify" {
  interface FastifyRequest {
    principal: Principal | null;
  }
}

/** Registers routes that are not operations of the table: the gateways' own. */
export type ExtraRoutes = (app: FastifyInstance) => void;

/**
 * Builds the API. Call `listen` on the result, or `inject` in tests.
 * @param log gets what went wrong unexpectedly. Fastify's own logging stays off: it costs as much as the rest of a
 *   request, for lines that nobody reads
 */
export function buildServer(
  context: ApiContext,
  operations: readonly Operation[],
  extraRoutes: ExtraRoutes,
  log: Logger,
): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: true,
    genReqId: requestIdSource(),
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => void sendError(log, error, request, reply),
  });
  app.decorateRequest("principal", null);
  acceptJson(app);
  app.setErrorHandler((error, request, reply) => sendError(log, error, request, reply));
  app.setNotFoundHandler((request, reply) => sendError(log, apiNotFound(), request, reply));
  void app.register((scope, _options, done) => {
    authenticateRequests(scope, new TokenAuthenticator(context.store, context.clock));
    for (const operation of operations) addRoute(scope, operation, context);
    done();
  });
  void app.register((scope, _options, done) => {
    scope.addHook("onRequest", (request, reply, next) => {
      void reply.header("x-request-id", request.id);
      next();
    });
    extraRoutes(scope);
    done();
  });
  return app;
}

/** Empty bodies are allowed whatever the content type says: official clients send them (contract section 1.1). */
function acceptJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else void parse(request, body as string, (error, value) => done(error && invalidJson(), value));
  });
}

function invalidJson(): PosternError {
  return new PosternError("bad_parameter", "The request body is no valid JSON.");
}

function authenticateRequests(app: FastifyInstance, authenticator: TokenAuthenticator): void {
  app.addHook("onRequest", (request, _reply, done) => {
    const token = request.headers["x-auth-token"];
    request.principal = authenticator.recall(token) ?? null;
    if (request.principal) {
      done();
      return;
    }
    authenticator.authenticate(token).then((principal) => {
      request.principal = principal;
      done();
    }, done);
  });
}

function addRoute(app: FastifyInstance, operation: Operation, context: ApiContext): void {
  const { params, query, body } = operation.schemas;
  const checkParams = params && checker(params, "path parameter");
  const checkQuery = query && checker(query, "query parameter");
  const checkBody = body && checker(body, "body");
  const answer = (request: FastifyRequest, principal: Principal): Promise<OperationReply> =>
    operation.handle(
      {
        principal,
        requestId: request.id,
        ifMatch: request.headers["if-match"],
        params: checkParams?.(request.params) as undefined,
        query: checkQuery?.(request.query) as undefined,
        body: readBody(checkBody, request.body) as undefined,
      },
      context,
    );
  app.route({
    method: operation.method,
    url: operation.path,
    handler: async (request, reply) => send(reply, request, await answer(request, authorised(request))),
    ...(operation.isCacheable ? { handler: cachedHandler(context.cache, answer) } : {}),
  });
}

/**
 * A kept answer goes out in the same turn of the event loop, before anything of the request is parsed: the URL that
 * named it was checked when it was made. It names the project too, so whoever may ask gets what he may see.
 */
function cachedHandler(
  cache: ResponseCache,
  answer: (request: FastifyRequest, principal: Principal) => Promise<OperationReply>,
): (request: FastifyRequest, reply: FastifyReply) => FastifyReply | Promise<FastifyReply> {
  return (request, reply) => {
    const principal = authorised(request);
    const kept = cache.get(request.originalUrl, async () => answer(request, principal));
    return kept instanceof Promise
      ? kept.then((made) => send(reply, request, made))
      : send(reply, request, kept);
  };
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

/** @throws PosternError where the path names another project than the token's */
function authorised(request: FastifyRequest): Principal {
  const { principal } = request;
  if (!principal) throw new TypeError("a request passed without authentication");
  const project = (request.params as { project_id?: string }).project_id;
  if (project !== undefined && project !== principal.projectId) {
    throw new PosternError(
      "not_authorized_for_project",
      `The token is not valid for project ${project}. Use a token of that project.`,
    );
  }
  return principal;
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
  void reply.header("content-type", json);
  return reply.send(typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body));
}

function sendError(log: Logger, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const described = describeError(error);
  if (described.isUnexpected) log.error({ err: error, requestId: request.id }, "request failed");
  return reply
    .code(described.status)
    .headers({ "x-request-id": request.id, "content-type": json })
    .send(JSON.stringify(errorBody(described, request.id)));
}
