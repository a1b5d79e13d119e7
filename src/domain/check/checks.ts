import { checkAddresses, checkReleased, checkSubnets, checkVpcs } from "./check-networks.ts";
import { checkDomains, checkEndpoints, checkServices, checkTags } from "./check-resources.ts";
import type { Finding } from "./finding.ts";
import type { Tables } from "./forms.ts";

/** Everything that a check looks at. */
export interface CheckedData {
  readonly tables: Tables;
  /** Of the desired state. */
  readonly revision: number;
  /** What the audit trail says of revisions. */
  readonly trail: {
    /** The greatest. */
    readonly revision: number;
    /** The first entry whose revision is less than that of the one before, or null. */
    readonly fallsAt: number | null;
  };
  /** Opens a sealed secret; throws where it cannot be opened. */
  readonly unseal: (sealed: string) => string;
}

/** Holds the data against one invariant, or a few that belong together. Pure. */
export type Check = (data: CheckedData) => readonly Finding[];

/** Revisions only grow, and nothing is of one that was not made yet. */
export const checkRevisions: Check = ({ tables, revision, trail }) => {
  const next = "Restore a backup from before this: gateways take an old revision for a new one otherwise.";
  const early = tables.endpoint.filter(({ createdRevision }) => createdRevision > revision);
  return [
    ...early.map(({ id, createdRevision }) => ({
      where: `endpoint/${id}`,
      what: `It was made with revision ${createdRevision}, and the data are at ${revision}.`,
      next,
    })),
    ...(trail.revision > revision
      ? [
          {
            where: "revision",
            what: `The audit trail is at ${trail.revision}, the data at ${revision}.`,
            next,
          },
        ]
      : []),
    ...(trail.fallsAt === null
      ? []
      : [
          {
            where: `audit/${trail.fallsAt}`,
            what: "Its revision is less than that of the entry before.",
            next,
          },
        ]),
  ];
};

/** Everything that is sealed can be opened with the installation's key. */
export const checkSecrets: Check = ({ tables, unseal }) => {
  const sealed = [
    ...tables.accessKey.map(({ id, sealedSecret }) => ({ where: `key/${id}`, text: sealedSecret })),
    ...tables.cluster.map(({ id, sealedPassword }) => ({ where: `cluster/${id}`, text: sealedPassword })),
  ];
  const isOpen = (text: string): boolean => {
    try {
      unseal(text);
      return true;
    } catch {
      return false;
    }
  };
  return sealed
    .filter(({ text }) => text !== null && !isOpen(text))
    .map(({ where }) => ({
      where,
      what: "Its secret cannot be opened with secret.key.",
      next: "Put the key of these data in place; or make the key anew, or register the cluster with its password again.",
    }));
};

/** All of them. Whoever adds an invariant adds its check here. */
export const checks: readonly Check[] = [
  checkRevisions,
  checkSecrets,
  ...[
    checkVpcs,
    checkSubnets,
    checkAddresses,
    checkReleased,
    checkEndpoints,
    checkServices,
    checkDomains,
    checkTags,
  ].map(
    (check): Check =>
      ({ tables }) =>
        check(tables),
  ),
];

/** Returns what every check finds. */
export function runChecks(data: CheckedData): readonly Finding[] {
  return checks.flatMap((check) => check(data));
}
