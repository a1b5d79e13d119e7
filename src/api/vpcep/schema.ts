import { flag } from "../schema.ts";
import { Type } from "../type-builder.ts";

const pathId = Type.String({ minLength: 1, maxLength: 100 });

export const serviceParams = Type.Object({ project_id: pathId, service_id: pathId });
export const endpointParams = Type.Object({ project_id: pathId, endpoint_id: pathId });
export const permissionParams = Type.Object({
  project_id: pathId,
  service_id: pathId,
  permission_id: pathId,
});

export const id = Type.String({ minLength: 1, maxLength: 64 });
export const description = Type.String({ maxLength: 512, pattern: "^[^<>]*$" });
export const nullableFlag = Type.Union([flag, Type.Null()]);
export const portList = Type.Array(
  Type.Object({
    client_port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    server_port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    protocol: Type.Optional(Type.String({ maxLength: 16 })),
  }),
  { minItems: 1, maxItems: 200 },
);
/** Addresses and CIDRs of either family. */
export const sourceList = Type.Union([
  Type.Array(Type.String({ maxLength: 64 }), { maxItems: 1000 }),
  Type.Null(),
]);
