import { logLevels } from "../../lib/wanted-level.ts";
import { auditEntry } from "../actions/audit-entry.ts";
import { record } from "../actions/record.ts";
import { defineOperation } from "../operation.ts";
import { stringEnum } from "../schema.ts";
import { requireOperator } from "./accounts.ts";
import { Type } from "../type-builder.ts";

const body = Type.Object({
  process: stringEnum(["server", "gateway"]),
  level: stringEnum([...logLevels, "default"]),
  for_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
});

/** Operators only. Holds until the server process ends; gateways follow with their next report, in about a second. */
export const updateLogLevel = defineOperation({
  id: "UpdateLogLevel",
  method: "PUT",
  path: "/postern/v1/log-level",
  action: "postern:logLevel:update",
  schemas: { body },
  async handle(request, context) {
    requireOperator(request.principal, "changes log levels");
    const { process: name, level, for_seconds: seconds } = request.body;
    const audit = auditEntry(request, "updateLogLevel", `process/${name}`);
    await record(context, request, audit, () => Promise.resolve());
    const wanted = level === "default" ? undefined : level;
    context.logLevels[name].set(wanted, seconds === undefined ? undefined : seconds * 1000);
    return { body: { process: name, level, ...(seconds === undefined ? {} : { for_seconds: seconds }) } };
  },
});

export const showLogLevel = defineOperation({
  id: "ShowLogLevel",
  method: "GET",
  path: "/postern/v1/log-level",
  action: "postern:logLevel:get",
  schemas: {},
  async handle({ principal }, { logLevels: { server, gateway } }) {
    requireOperator(principal, "sees log levels");
    return Promise.resolve({
      body: { server: server.level ?? "default", gateway: gateway.level ?? "default" },
    });
  },
});
