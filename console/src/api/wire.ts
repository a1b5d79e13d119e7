/** GET session. */
export interface SessionInfo {
  readonly user: { readonly id: string; readonly name: string };
  readonly account: { readonly id: string; readonly name: string };
  readonly project_id: string;
  readonly projects: readonly { readonly id: string; readonly name: string }[];
  readonly role: string;
  readonly is_operator: boolean;
  readonly expires_at: string | null;
}
