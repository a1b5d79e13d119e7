import { isUuid, type EndpointId, type VpcId } from "../../../domain/ids.ts";
import { endpointLabel, zoneName } from "../../../domain/names.ts";
import type { Snapshot } from "../../../domain/snapshot.ts";
import type { EngineLog } from "../../engine.ts";
import type { Views } from "../view.ts";
import type { ServerAddress } from "./exchange.ts";
import { ZoneKeeper } from "./zone-keeper.ts";

/** A zone of an existing name server that has the names of one network. */
export interface UpdatedZone extends ServerAddress {
  readonly vpcId: VpcId;
  /** In lower case, without a dot at its end. */
  readonly zone: string;
}

const uuidLength = 36;
const pauses = {
  gatherMs: 100,
  unknownMs: 500,
  reconcileMs: 300_000,
  retryMs: { first: 1_000, most: 60_000 },
} as const;

/** Keeps private names in zones of existing name servers, each network's in its own. */
export class NameUpdates {
  readonly #keepers: readonly { readonly vpcId: VpcId; readonly keeper: ZoneKeeper }[];

  /** @param ttlS how long answers may be kept, in seconds */
  constructor(zones: readonly UpdatedZone[], ttlS: number, log: EngineLog) {
    this.#keepers = zones.map(({ vpcId, ...zone }) => ({
      vpcId,
      keeper: new ZoneKeeper({ ...zone, ...pauses, ttlS, log }),
    }));
  }

  /** Returns at once; what the zones lack is sent to them in time. */
  keep({ region, dns }: Snapshot, views: Views): void {
    // Such a snapshot does not say which names are ours.
    if (!dns) return;
    const suffix = `.${zoneName(region, dns.zone)}`;
    for (const { vpcId, keeper } of this.#keepers) {
      keeper.keep({
        isOurs: (name) => name.endsWith(suffix) && isOurLabel(name.slice(0, -suffix.length)),
        names: () =>
          new Map([...views.names(vpcId)].map(([id, addresses]) => [endpointLabel(id) + suffix, addresses])),
      });
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#keepers.map(({ keeper }) => keeper.close()));
  }
}

function isOurLabel(label: string): boolean {
  const id = label.slice(-uuidLength);
  return isUuid(id) && label === endpointLabel(id as EndpointId);
}
