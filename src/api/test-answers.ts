import type { FastifyInstance } from "fastify";
import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import type { Operation } from "./operation.ts";

/**
 * Holds every answer of an API to what the description says of it: with every field there that has to be, and none that
 * is not described.
 * @param tell hears of those that are not so
 */
export function checkAnswers(
  app: FastifyInstance,
  operations: readonly Operation[],
  tell: (problem: Error) => void,
): void {
  const schemas = new Map(
    operations.flatMap(({ id, schemas: { answer } }) => (answer ? [[id, closed(answer)] as const] : [])),
  );
  app.addHook("onSend", (request, reply, payload, done) => {
    const schema = schemas.get(request.routeOptions.config.operation ?? "");
    const isRehearsed = reply.getHeader("x-postern-dry-run") !== undefined;
    const isAnswer = reply.statusCode < 300 && (typeof payload === "string" || Buffer.isBuffer(payload));
    if (schema && isAnswer && !isRehearsed) {
      const body: unknown = JSON.parse(payload.toString());
      const [first] = Value.Errors(schema, body);
      if (first) tell(mismatch(request.routeOptions.config.operation, first, body));
    }
    done(null, payload);
  });
}

function mismatch(operation = "", { instancePath, message }: Problem, body: unknown): Error {
  const problem = `The answer of ${operation} is not as described: ${instancePath} ${message}`;
  return new TypeError(`${problem}\n${JSON.stringify(body, null, 2)}`);
}

interface Problem {
  readonly instancePath: string;
  readonly message: string;
}

/** Returns the schema without room for what it does not describe. */
function closed(schema: object): TSchema {
  const inner = Object.entries(schema).map(([key, value]): [string, unknown] => [key, closedPart(value)]);
  const copy = Object.fromEntries(inner);
  const isOpen =
    copy["type"] === "object" && copy["properties"] && copy["additionalProperties"] === undefined;
  return isOpen ? { ...copy, additionalProperties: false } : copy;
}

function closedPart(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closedPart);
  return typeof value === "object" && value !== null ? closed(value) : value;
}
