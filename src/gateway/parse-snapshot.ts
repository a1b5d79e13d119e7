import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Snapshot } from "../domain/snapshot.ts";

const id = Type.String({ minLength: 1, maxLength: 64 });
const port = Type.Integer({ minimum: 1, maximum: 65_535 });

const refusal = Type.Union([
  Type.Null(),
  Type.Literal("not_accepted"),
  Type.Literal("not_whitelisted"),
  Type.Literal("service_closed"),
]);

const schema = Type.Object({
  format: Type.Literal(1),
  gatewayId: id,
  region: Type.String(),
  revision: Type.Integer({ minimum: 0 }),
  services: Type.Array(
    Type.Object({
      id,
      nodes: Type.Array(Type.Object({ id, host: Type.String({ minLength: 1, maxLength: 255 }), port })),
      healthCheck: Type.Object({
        scheme: Type.Union([Type.Literal("http"), Type.Literal("https")]),
        path: Type.String({ pattern: "^/" }),
        authorization: Type.Optional(Type.String()),
        ca: Type.Optional(Type.String()),
        insecureSkipVerify: Type.Boolean(),
      }),
    }),
  ),
  endpoints: Type.Array(
    Type.Object({
      id,
      serviceId: id,
      vpcId: id,
      attachment: Type.Literal("loopback"),
      address: Type.String({ format: "ipv4" }),
      clientPorts: Type.Array(port, { minItems: 1 }),
      maxSession: Type.Integer({ minimum: 1 }),
      refusal,
    }),
  ),
});

const validator = Compile(schema);

/** Returns the snapshot, or undefined for anything that this version does not understand in full. */
export function parseSnapshot(text: string): Snapshot | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return validator.Check(value) ? (value as unknown as Snapshot) : undefined;
}
