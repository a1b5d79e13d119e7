import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";

const page = "index.html";
const dayS = 86_400;

/**
 * Nothing but the console's own files runs there, and it talks to its own server alone. Styles that scripts set on
 * elements are no inline styles.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * Serves the built console at `/console`. Every view has an address of its own there, and all of them are the one page.
 * @param root directory of the built files; where there is none, a visitor is told how to make it
 */
export function consoleRoutes(root: string) {
  return (app: FastifyInstance): void => {
    if (!existsSync(join(root, page))) {
      app.get("/console", (_request, reply) => sendMissing(reply));
      app.get("/console/*", (_request, reply) => sendMissing(reply));
      return;
    }
    void app.register(async (scope) => {
      await scope.register(fastifyStatic, {
        root,
        prefix: "/console/",
        preCompressed: true,
        index: false,
        wildcard: false,
        setHeaders: (reply, path) => {
          // Names of built assets carry their content.
          const isAsset = path.startsWith(join(root, "assets"));
          void reply.header(
            "cache-control",
            isAsset ? `public, max-age=${365 * dayS}, immutable` : "no-cache",
          );
          void reply.header("content-security-policy", contentSecurityPolicy);
          void reply.header("x-content-type-options", "nosniff");
          void reply.header("referrer-policy", "same-origin");
        },
      });
      scope.get("/console", (_request, reply) => reply.sendFile(page));
      scope.get("/console/", (_request, reply) => reply.sendFile(page));
      // A page that is older than the server must not take the page for a script of its own.
      scope.get("/console/assets/*", (_request, reply) => reply.callNotFound());
      scope.get("/console/*", (_request, reply) => reply.sendFile(page));
    });
  };
}

function sendMissing(reply: FastifyReply): FastifyReply {
  return reply
    .code(503)
    .header("content-type", "text/plain; charset=utf-8")
    .send("The console has not been built. Run: npm run console\n");
}
