import { setImmediate } from "node:timers/promises";
import type { SubnetId, VpcId } from "../../domain/ids.ts";
import type { EndpointPlace, SubnetPlace } from "../../domain/inventory.ts";
import { poolOf, poolSize } from "../../domain/pool.ts";
import type { Store } from "../../domain/store.ts";
import { ipv4ToNumber, parseIpv4Prefix } from "../../lib/ipv4.ts";

/** How many addresses of a subnet are for endpoints, and how many of them are in use. */
export interface SubnetPool {
  readonly subnetId: SubnetId;
  readonly vpcId: VpcId;
  readonly size: number;
  readonly used: number;
}

/** What there is, as one commit or another left it: good enough to count. */
export interface InventoryView {
  readonly endpoints: readonly EndpointPlace[];
  readonly pools: readonly SubnetPool[];
}

const pageSize = 500;

/** Reads what there is page by page, and only where something was committed since the last time. */
export class Inventory {
  readonly #store: Pick<Store, "inventory" | "generation">;
  #readAt = -1;
  #view: Promise<InventoryView> = Promise.resolve({ endpoints: [], pools: [] });

  constructor(store: Pick<Store, "inventory" | "generation">) {
    this.#store = store;
  }

  read(): Promise<InventoryView> {
    const { generation } = this.#store;
    if (generation !== this.#readAt) {
      this.#readAt = generation;
      this.#view = this.#readPages();
      this.#view.catch(() => {
        this.#readAt = -1;
      });
    }
    return this.#view;
  }

  async #readPages(): Promise<InventoryView> {
    const { inventory } = this.#store;
    const endpoints: EndpointPlace[] = [];
    const inSubnet = new Map<SubnetId, number>();
    for await (const page of pages((last?: EndpointPlace) =>
      inventory.endpoints(last?.id ?? null, pageSize),
    )) {
      endpoints.push(...page);
      for (const { subnetId } of page) inSubnet.set(subnetId, (inSubnet.get(subnetId) ?? 0) + 1);
    }
    const pools: SubnetPool[] = [];
    for await (const page of pages((last?: SubnetPlace) => inventory.subnets(last?.id ?? null, pageSize))) {
      pools.push(...page.map((subnet) => poolIn(subnet, inSubnet.get(subnet.id) ?? 0)));
    }
    return { endpoints, pools };
  }
}

async function* pages<Item>(
  next: (last?: Item) => Promise<readonly Item[]>,
): AsyncGenerator<readonly Item[], void> {
  let page = await next();
  yield page;
  while (page.length === pageSize) {
    // The database answers in the same turn of the event loop: others have theirs now.
    await setImmediate();
    page = await next(page.at(-1));
    yield page;
  }
}

function poolIn({ id: subnetId, vpcId, cidr, dnsAddress }: SubnetPlace, endpoints: number): SubnetPool {
  const prefix = parseIpv4Prefix(cidr);
  if (!prefix) return { subnetId, vpcId, size: 0, used: endpoints };
  const resolver = dnsAddress === null ? -1 : ipv4ToNumber(dnsAddress);
  const hasNameServer = prefix.first <= resolver && resolver <= prefix.last;
  return { subnetId, vpcId, size: poolSize(poolOf(prefix)), used: endpoints + Number(hasNameServer) };
}
