import { parseServiceName } from "../names.ts";
import { parseSources } from "../source-whitelist.ts";
import { addTags } from "../tags.ts";
import { parsePermissionOf } from "../whitelist.ts";
import { duplicates } from "./duplicates.ts";
import type { Finding } from "./finding.ts";
import { tagsOf, type Tables } from "./forms.ts";

const restore = "Restore a backup from before this, or delete and make the resource anew.";

/** States are ones that the table of states knows; numbers and accounts are right. */
export function checkEndpoints({ endpoint, project }: Tables): readonly Finding[] {
  const accounts = new Map(project.map(({ id, accountId }) => [id, accountId]));
  const findings: Finding[] = [];
  for (const { id, approval, rejectedBy, projectId, accountId, sourceWhitelist } of endpoint) {
    const where = `endpoint/${id}`;
    if ((approval === "rejected") !== (rejectedBy !== null)) {
      findings.push({
        where,
        what: `It is ${approval}, and ${rejectedBy === null ? "nobody has rejected it" : `the ${rejectedBy} has rejected it`}.`,
        next: `Decide on it anew: postern accept ${id}, or postern reject ${id}.`,
      });
    }
    if ((accounts.get(projectId) ?? accountId) !== accountId) {
      findings.push({
        where,
        what: `Its project ${projectId} is not of its account ${accountId}.`,
        next: restore,
      });
    }
    if (!holds(() => parseSources(JSON.parse(sourceWhitelist) as string[]))) {
      findings.push({
        where,
        what: "Its source whitelist holds what is no address.",
        next: "Set the whitelist anew.",
      });
    }
  }
  const markers = duplicates(endpoint, ({ markerId }) => String(markerId));
  const twice = markers.map(({ id, markerId }) => ({
    where: `endpoint/${id}`,
    what: `Another endpoint has its number ${markerId} too.`,
    next: "Delete one of the two, and let its consumer make another.",
  }));
  return [...findings, ...twice];
}

/** A cluster opens at most one service, and names, ports and whitelists are well formed. */
export function checkServices({ endpointService, permission }: Tables): readonly Finding[] {
  const opened = endpointService.filter(({ origin }) => origin === "css");
  const misnamed = endpointService.filter(({ id, name }) => parseServiceName(name) !== id);
  const doubled = endpointService.filter(({ ports }) => {
    const list = JSON.parse(ports) as readonly { readonly clientPort: number }[];
    return duplicates(list, ({ clientPort }) => String(clientPort)).length > 0;
  });
  const malformed = permission.filter(
    (one) => parsePermissionOf(one.permission, one.permissionType) !== one.permission,
  );
  return [
    ...duplicates(opened, ({ clusterId }) => clusterId).map(({ id, clusterId }) => ({
      where: `service/${id}`,
      what: `Cluster ${clusterId} has opened another service too.`,
      next: restore,
    })),
    ...misnamed.map(({ id }) => ({
      where: `service/${id}`,
      what: "Its name is not made of its id.",
      next: restore,
    })),
    ...doubled.map(({ id }) => ({
      where: `service/${id}`,
      what: "Two of its ports are one.",
      next: restore,
    })),
    ...malformed.map(({ id, serviceId }) => ({
      where: `permission/${id}`,
      what: `This entry of the whitelist of service ${serviceId} names no account.`,
      next: "Replace the whitelist: postern whitelist set",
    })),
  ];
}

/** A name of an owner's own is proven by one service only. */
export function checkDomains({ serviceDomain }: Tables): readonly Finding[] {
  const verified = serviceDomain.filter(({ status }) => status === "verified");
  return duplicates(verified, ({ name }) => name).map(({ id, name }) => ({
    where: `domain/${id}`,
    what: `Another service has proven ${name} too.`,
    next: "Delete one of the two: postern service domain delete",
  }));
}

/** Tags are as many as there may be, each key once, of characters that tags may have. */
export function checkTags({ cluster, endpointService, endpoint }: Tables): readonly Finding[] {
  const tagged = [
    ...cluster.map((one) => ({ where: `cluster/${one.id}`, tags: one.tags })),
    ...endpointService.map((one) => ({ where: `service/${one.id}`, tags: one.tags })),
    ...endpoint.map((one) => ({ where: `endpoint/${one.id}`, tags: one.tags })),
  ];
  return tagged.filter(hasWrongTag).map(({ where }) => ({
    where,
    what: "It has a tag that it cannot have, or one twice.",
    next: "Delete the tag and set it anew.",
  }));
}

function hasWrongTag(one: { readonly tags: string }): boolean {
  const tags = tagsOf(one);
  return duplicates(tags, ({ key }) => key).length > 0 || !holds(() => addTags([], tags));
}

function holds(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
