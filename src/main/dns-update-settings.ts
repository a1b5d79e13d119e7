import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import { isUuid, type VpcId } from "../domain/ids.ts";
import type { UpdatedZone } from "../gateway/dns/update/name-updates.ts";
import { StartError } from "../lib/start-error.ts";

const mostZones = 100;
const mostFileBytes = 1_048_576;
const leastSecretBytes = 16;
const domain = Type.String({
  pattern: "^[A-Za-z0-9_-]{1,63}(?:\\.[A-Za-z0-9_-]{1,63})*\\.?$",
  maxLength: 254,
});

const fileSchema = Type.Object(
  {
    zones: Type.Array(
      Type.Object(
        {
          vpc_id: Type.String(),
          server: Type.String({ minLength: 1, maxLength: 253 }),
          port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
          zone: domain,
          key: domain,
          secret_file: Type.String({ minLength: 1 }),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: mostZones },
    ),
  },
  { additionalProperties: false },
);

type ZoneEntry = Static<typeof fileSchema>["zones"][number];

/**
 * Reads which zones of existing name servers are to have private names. Files of secrets are looked for beside it.
 * @throws StartError
 */
export function readUpdatedZones(path: string): readonly UpdatedZone[] {
  const content = parse(path);
  if (!Value.Check(fileSchema, content)) {
    const [first] = Value.Errors(fileSchema, content);
    const where = first ? ` At "${first.instancePath}": ${first.message}.` : "";
    throw new StartError(
      `${path} does not say which zones to update.${where} It takes {"zones": [{"vpc_id", "server", "port", "zone", "key", "secret_file"}]}.`,
    );
  }
  const zones = content.zones.map((entry) => readZone(entry, path));
  const places = zones.map(({ server, port, zone, key }) => `${server} ${port} ${zone} ${key.name}`);
  const twice = places.find((place, index) => places.indexOf(place) !== index);
  // Each network would take the names of the other out again.
  if (twice !== undefined)
    throw new StartError(
      `${path} names the same zone for two networks (${twice}). Each network needs a zone, a view or a name server of its own.`,
    );
  return zones;
}

function parse(path: string): unknown {
  try {
    return JSON.parse(readSmall(path));
  } catch (error) {
    throw new StartError(`${path} cannot be read as JSON: ${reasonOf(error)}`);
  }
}

function readZone(
  { vpc_id: id, server, port = 53, zone, key, secret_file }: ZoneEntry,
  path: string,
): UpdatedZone {
  if (!isUuid(id))
    throw new StartError(`${path}: "${id}" is no id of a VPC. \`postern vpc list\` shows them.`);
  const secretPath = resolve(dirname(path), secret_file);
  const name = withoutDot(key);
  return {
    vpcId: id as VpcId,
    server,
    port,
    zone: withoutDot(zone),
    key: { name, secret: readSecret(secretPath) },
  };
}

function readSecret(path: string): Buffer {
  let text: string;
  try {
    text = readSmall(path).trim();
  } catch (error) {
    throw new StartError(`The secret file ${path} cannot be read: ${reasonOf(error)}`);
  }
  const secret = Buffer.from(text, "base64");
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(text) && secret.length >= leastSecretBytes) return secret;
  throw new StartError(
    `${path} is no secret file. It takes one line: the key's secret in base64, of at least ${leastSecretBytes} bytes.`,
  );
}

function readSmall(path: string): string {
  const text = readFileSync(path, "utf8");
  if (text.length > mostFileBytes) throw new Error(`It is longer than ${mostFileBytes} characters.`);
  return text;
}

function withoutDot(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
