import { GatewayWatch } from "../control/gateway-watch.ts";
import { PoolWatch } from "../control/pool-watch.ts";
import { Retention } from "../control/retention.ts";
import { Dispatcher } from "../control/webhooks/dispatcher.ts";
import { MessageSender } from "../control/webhooks/message-sender.ts";
import { TargetGuard } from "../control/webhooks/target-guard.ts";
import type { Store } from "../domain/store.ts";
import { systemClock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Sealer } from "../lib/sealer.ts";
import { AddressSet } from "../lib/special-address.ts";
import { packageVersion } from "./version.ts";

/** What watches, tells and forgets events beside the API. */
export interface EventServices {
  readonly watch: GatewayWatch;
  readonly dispatcher: Dispatcher;
  start(): Promise<void>;
  close(): void;
}

/** @param webhookAllow networks that webhooks may lead to although they are not public */
export function eventServices(
  store: Store,
  sealer: Sealer,
  log: Logger,
  webhookAllow: readonly string[],
): EventServices {
  const onError = (error: unknown): void => log.error({ err: error }, "a task of the events failed");
  const guard = new TargetGuard(store, systemClock, new AddressSet(webhookAllow));
  const sender = new MessageSender(guard, systemClock, (sealed) => sealer.unseal(sealed), packageVersion);
  const dispatcher = new Dispatcher(store, systemClock, guard, sender, log);
  const watch = new GatewayWatch(store, systemClock, log);
  const pools = new PoolWatch(store, watch, onError);
  const retention = new Retention(store, systemClock, onError);
  return {
    watch,
    dispatcher,
    async start() {
      await watch.start();
      await pools.start();
      await dispatcher.start();
      retention.start();
    },
    close() {
      for (const service of [retention, dispatcher, pools, watch]) service.close();
    },
  };
}
