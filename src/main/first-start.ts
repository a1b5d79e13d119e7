import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createTenant, newTenantSecrets } from "../api/actions/create-tenant.ts";
import { ensureDnsAddress } from "../api/actions/dns-address.ts";
import { newUuid, type GatewayId } from "../domain/ids.ts";
import { isZoneName } from "../domain/names.ts";
import type { SettingKey, Store } from "../domain/store.ts";
import type { Clock } from "../lib/clock.ts";
import { writePrivateFile } from "../lib/private-file.ts";
import { Sealer } from "../lib/sealer.ts";
import { hashToken, newToken } from "../lib/secrets.ts";
import { StartError } from "../lib/start-error.ts";
import { readCredentials } from "./gateway-credentials.ts";
import type { DataPaths } from "./paths.ts";

const keyBytes = 32;
/** What the key of the audit trail is derived for. */
export const auditKeyPurpose = "audit trail";
const localGateway = "local";

/**
 * Reads the key that secrets are sealed with, or makes it.
 * @throws StartError where there are data but no key: making a new one would lose every secret
 */
export function loadSealer(paths: DataPaths): Sealer {
  if (!existsSync(paths.secretKey)) {
    if (existsSync(paths.database)) {
      throw new StartError(
        `The key file ${paths.secretKey} is missing. Restore it: the data cannot be read without.`,
      );
    }
    writePrivateFile(paths.secretKey, randomBytes(keyBytes));
  }
  const key = readFileSync(paths.secretKey);
  if (key.length === keyBytes) return new Sealer(key);
  throw new StartError(`The key file ${paths.secretKey} is damaged. Restore it from a backup.`);
}

/** What the first start decides for good: names that consumers use carry it. */
interface FixedSetting {
  readonly key: SettingKey;
  readonly isValid: (value: string) => boolean;
  /** What to tell whoever asks for an invalid one. */
  readonly invalid: (value: string) => string;
  /** What to tell whoever asks for another one later. */
  readonly fixed: (present: string) => string;
}

const regionSetting: FixedSetting = {
  key: "region",
  isValid: (value) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(value),
  invalid: (value) => `"${value}" is no region name. Use lower-case letters, digits and hyphens.`,
  fixed: (present) =>
    `This data directory belongs to region ${present}; its names carry it. Leave out --region.`,
};

const zoneSetting: FixedSetting = {
  key: "zone",
  isValid: isZoneName,
  invalid: (value) =>
    `"${value}" is no zone for private names. Use labels of lower-case letters, digits and hyphens, at most 146 ` +
    "characters together: postern.internal.",
  fixed: (present) =>
    `The private names of this data directory end with ${present}; consumers use them. Leave out --dns-zone.`,
};

/** Returns the region of this installation. @throws StartError where it is none, or another one is asked for */
export async function ensureRegion(
  store: Store,
  wanted: string | undefined,
  byDefault: string,
): Promise<string> {
  return ensureFixed(store, regionSetting, wanted, byDefault);
}

/** Returns what all private names of this installation end with. @throws StartError as `ensureRegion` */
export async function ensureZone(
  store: Store,
  wanted: string | undefined,
  byDefault: string,
): Promise<string> {
  return ensureFixed(store, zoneSetting, wanted, byDefault);
}

async function ensureFixed(
  store: Store,
  setting: FixedSetting,
  wanted: string | undefined,
  byDefault: string,
): Promise<string> {
  const present = await store.setting(setting.key);
  if (present === undefined) {
    const value = wanted ?? byDefault;
    if (!setting.isValid(value)) throw new StartError(setting.invalid(value));
    await store.observe((tx) => tx.setSetting(setting.key, value));
    return value;
  }
  if (wanted !== undefined && wanted !== present) throw new StartError(setting.fixed(present));
  return present;
}

/** Returns whose revisions the data carry: the schema brings one, and every restore a new one. */
export async function readLineage(store: Store): Promise<string> {
  const lineage = await store.setting("lineage");
  if (lineage !== undefined) return lineage;
  throw new StartError("The database has lost the lineage of its revisions. Restore it from a backup.");
}

/** Notes which version serves the data, for the message of one that cannot. */
export async function noteWriter(store: Store, version: string): Promise<void> {
  if ((await store.setting("written_by")) === version) return;
  await store.observe((tx) => tx.setSetting("written_by", version));
}

/**
 * Does what follows from a restore, once: whoever had signed in signs in again, for some of these tokens and temporary
 * keys were revoked since the backup, and nothing tells which. Keys and tokens that were handed out are as they were.
 */
export async function finishRestore(store: Store): Promise<void> {
  const backup = await store.setting("restored");
  if (backup === undefined) return;
  await store.observe(
    async (tx) => {
      await tx.identity.deleteAllSessions();
      await tx.deleteSetting("restored");
    },
    { actor: "system", action: "restoreBackup", resource: `backup/${backup}` },
  );
}

/** Gives VPCs an address for their names where an earlier version, or a pool without a free address, gave none. */
export async function ensureDnsAddresses(store: Store, clock: Clock): Promise<void> {
  const lacking = await store.networks.vpcsWithoutDnsAddress();
  if (lacking.length === 0) return;
  await store.write({ actor: "system", action: "assignDnsAddresses", resource: "vpc" }, async (tx) => {
    for (const id of lacking) await ensureDnsAddress(tx, id, clock.now());
  });
}

/** Makes the first account where there is none, and writes how to reach this server as its administrator. */
export async function ensureAdministrator(
  store: Store,
  sealer: Sealer,
  clock: Clock,
  paths: DataPaths,
  place: { readonly region: string; readonly endpoint: string },
): Promise<void> {
  if ((await store.identity.accounts({ offset: 0, limit: 1 })).total > 0) {
    updateEndpoint(paths, place.endpoint);
    return;
  }
  const secrets = await newTenantSecrets();
  const wish = { accountName: "postern", projectName: place.region, userName: "admin", isOperator: true };
  await store.write({ actor: "system", action: "firstStart", resource: "account/postern" }, async (tx) => {
    const credentials = await createTenant(tx, (plain) => sealer.seal(plain), wish, secrets, clock.now());
    // Before the commit: a crash in between leaves a file that the next start overwrites, never an account
    // whose credentials nobody has.
    writePrivateFile(paths.admin, render({ endpoint: place.endpoint, region: place.region, ...credentials }));
  });
}

function updateEndpoint(paths: DataPaths, endpoint: string): void {
  if (!existsSync(paths.admin)) return;
  const admin = JSON.parse(readFileSync(paths.admin, "utf8")) as { endpoint: string };
  if (admin.endpoint !== endpoint) writePrivateFile(paths.admin, render({ ...admin, endpoint }));
}

/**
 * Registers the gateway of this machine and tells it how to reach the server. Its token stays as it is: the gateway
 * outlives restarts of the server and goes on with the one that it has.
 */
export async function ensureLocalGateway(store: Store, paths: DataPaths, endpoint: string): Promise<void> {
  const known = readCredentials(paths.gatewayCredentials);
  const present = await store.gateways.findByName(localGateway);
  if (known && present?.tokenHash === hashToken(known.token)) {
    if (known.endpoint !== endpoint)
      writePrivateFile(paths.gatewayCredentials, render({ ...known, endpoint }));
    return;
  }
  const token = newToken();
  const tokenHash = hashToken(token);
  const gatewayId = present?.id ?? newUuid<GatewayId>();
  const action = present ? "replaceGatewayToken" : "registerGateway";
  await store.observe(
    async (tx) => {
      if (present) await tx.gateways.setTokenHash(present.id, tokenHash);
      else await tx.gateways.insert({ id: gatewayId, name: localGateway, tokenHash, lastSeenAt: null });
    },
    { actor: "system", action, resource: `gateway/${gatewayId}` },
  );
  writePrivateFile(paths.gatewayCredentials, render({ endpoint, gatewayId, token }));
}

function render(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
