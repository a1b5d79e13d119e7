import { planEffects } from "../../domain/plan.ts";
import { stringEnum } from "../schema.ts";
import { endpointStatusName } from "./endpoint.ts";
import { count, text, time, yesOrNo } from "./parts.ts";
import { Type } from "../type-builder.ts";

export const serviceAnswer = Type.Object(
  {
    id: text,
    name: text,
    cluster_id: text,
    cluster_name: text,
    origin: text,
    approval_enabled: yesOrNo,
    connections: count,
    created_at: time,
  },
  { title: "Service" },
);

/** Contract section 1.3. */
export const connectionsAnswer = Type.Object(
  {
    connections: Type.Array(
      Type.Object(
        {
          id: text,
          status: endpointStatusName,
          maxSession: text,
          specificationName: text,
          vpcepIp: text,
          vpcepIpv6Address: Type.Optional(text),
          vpcepDnsName: Type.Optional(text),
          created_at: time,
          update_at: Type.Optional(time),
          domain_id: text,
        },
        { title: "Connection" },
      ),
    ),
    vpcepUpdateSwitch: yesOrNo,
    total_count: count,
    vpcServiceName: text,
    permissions: Type.Array(
      Type.Object(
        { id: text, permission: text, permission_type: text, created_at: time },
        { title: "Permission" },
      ),
    ),
  },
  { title: "Connections" },
);

/** Contract sections 1.1 and 1.2. */
export const switchedAnswer = Type.Object({ action: text });

/** What every write says that is only rehearsed: X-Postern-Dry-Run asks for it. */
export const planAnswer = Type.Object(
  {
    dry_run: Type.Literal(true),
    action: text,
    endpoints: Type.Array(
      Type.Object({
        id: text,
        account_id: text,
        effect: stringEnum(planEffects),
        sessions: count,
        up_to: Type.Optional(count),
      }),
    ),
    sessions_cut: count,
    sessions_cut_up_to: Type.Optional(count),
    accounts_losing_access: Type.Array(text),
  },
  { title: "Plan" },
);
