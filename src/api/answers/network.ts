import { attachmentKinds } from "../../domain/attachment.ts";
import { engineKinds } from "../../domain/report.ts";
import { stringEnum } from "../schema.ts";
import { count, orNull, text, time, yesOrNo } from "./parts.ts";
import { Type } from "../type-builder.ts";

export const vpcAnswer = Type.Object(
  {
    id: text,
    name: text,
    cidr: text,
    cidr6: Type.Optional(text),
    attachment: Type.Object({
      kind: stringEnum(attachmentKinds),
      device: Type.Optional(text),
      namespace: Type.Optional(text),
    }),
    dns_address: Type.Optional(text),
    subnets: Type.Array(
      Type.Object(
        {
          id: text,
          name: text,
          cidr: text,
          cidr6: Type.Optional(text),
          addresses_used: count,
          addresses_free: count,
        },
        { title: "Subnet" },
      ),
    ),
    created_at: time,
  },
  { title: "Vpc" },
);

export const statusAnswer = Type.Object(
  {
    version: text,
    region: text,
    dns_zone: text,
    revision: count,
    pid: count,
    gateways: Type.Array(
      Type.Object(
        {
          id: text,
          name: text,
          connected: yesOrNo,
          applied_revision: orNull(count),
          pid: orNull(count),
          /** Those that run; null until it has told. */
          engines: orNull(Type.Array(stringEnum(engineKinds))),
          last_seen_at: orNull(time),
        },
        { title: "Gateway" },
      ),
    ),
    counts: Type.Object({
      clusters: count,
      services: count,
      endpoints: count,
      /** Of those endpoints: in networks that no gateway is attached to. */
      unattached: count,
      /** An operator is told those of the whole installation. */
      sessions: count,
    }),
  },
  { title: "Status" },
);
