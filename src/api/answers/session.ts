import { roles } from "../../domain/roles.ts";
import { stringEnum } from "../schema.ts";
import { orNull, text, time, yesOrNo } from "./parts.ts";
import { Type } from "../type-builder.ts";

const named = Type.Object({ id: text, name: text });

export const sessionAnswer = Type.Object(
  {
    user: named,
    account: named,
    /** Empty for whoever signed in to an account as a whole. */
    project_id: text,
    projects: Type.Array(named),
    role: stringEnum(roles),
    actions: Type.Array(text),
    is_operator: yesOrNo,
    expires_at: orNull(time),
  },
  { title: "Session" },
);
