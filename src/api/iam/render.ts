import type { Account, Project, Timestamp, User } from "../../domain/resources.ts";
import type { OperationRequest } from "../operation.ts";

/** Six digits of fraction, as Keystone writes times (contract section 4.1). */
export function renderTime(time: Timestamp): string {
  return new Date(time).toISOString().replace("Z", "000Z");
}

/** Where the client reached this server. There is no TLS of our own; a proxy in front says what it speaks. */
export function originOf({ headers }: OperationRequest): string {
  const scheme = headers["x-forwarded-proto"] === "https" ? "https" : "http";
  return `${scheme}://${headers.host ?? "localhost"}`;
}

export function renderProject(project: Project, origin: string): object {
  return {
    id: project.id,
    name: project.name,
    domain_id: project.accountId,
    parent_id: project.accountId,
    is_domain: false,
    enabled: true,
    description: "",
    links: { self: `${origin}/v3/projects/${project.id}`, next: null, previous: null },
  };
}

export function renderDomain({ id, name }: Account, origin: string): object {
  return { id, name, enabled: true, description: "", links: { self: `${origin}/v3/domains/${id}` } };
}

export function renderUser(user: User, origin: string): object {
  return {
    id: user.id,
    name: user.name,
    domain_id: user.accountId,
    enabled: true,
    description: "",
    password_expires_at: null,
    links: { self: `${origin}/v3/users/${user.id}`, next: null, previous: null },
  };
}

/** Links of a list that is whole. */
export function listLinks(origin: string, path: string): object {
  return { self: `${origin}${path}`, next: null, previous: null };
}

/** The services that clients look up here, and where they are. */
export function renderCatalog(origin: string, region: string, projectId: string | null): object[] {
  const project = projectId === null ? "" : `/${projectId}`;
  return [
    ["css", `/v1.0${project}`],
    ["vpcep", `/v1${project}`],
    ["vpc", `/v1${project}`],
    ["iam", "/v3"],
  ].map(([name = "", path = ""]) => ({
    id: name,
    name,
    type: name === "iam" ? "identity" : name,
    endpoints: [
      { id: `${name}-public`, interface: "public", region, region_id: region, url: `${origin}${path}` },
    ],
  }));
}
