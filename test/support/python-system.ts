import { startNode } from "./node.ts";
import type { SearchNode } from "./node.ts";
import { startPostern } from "./postern.ts";
import type { Postern } from "./postern.ts";
import { providePython } from "./python-environment.ts";
import { PythonSdk } from "./python-sdk.ts";
import type { PythonMethod } from "./python-sdk.ts";
import { createTenant } from "./tenant.ts";
import type { Tenant } from "./tenant.ts";

/** The body of a method's answer, for one caller. @throws Error with the exception that the client raised */
export type Ask = <Body>(method: PythonMethod, request?: object) => Promise<Body>;

/** A system with an owner and a consumer who use the published Python clients. */
export type PythonSystem = {
  readonly postern: Postern;
  readonly node: SearchNode;
  readonly consumer: Tenant;
  readonly sdk: PythonSdk;
  readonly askAsOwner: Ask;
  readonly askAsConsumer: Ask;
  stop(): Promise<void>;
};

/** Gives a system, or in one line the reason why this machine has no Python clients. */
export async function startPythonSystem(): Promise<PythonSystem | string> {
  let python: string;
  try {
    python = await providePython();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const node = await startNode();
  const postern = await startPostern();
  const consumer = await createTenant(postern, "consumer");
  const { endpoint, region } = postern.admin;
  const callers = { owner: postern.admin, consumer: consumer.admin };
  const sdk = new PythonSdk(python, { endpoint, region, callers });
  const askAs =
    (caller: string): Ask =>
    async <Body>(...[method, request]: Parameters<Ask>) =>
      (await sdk.call<Body>(caller, method, request)).body;
  return {
    postern,
    node,
    consumer,
    sdk,
    askAsOwner: askAs("owner"),
    askAsConsumer: askAs("consumer"),
    stop: async () => {
      await sdk.stop();
      await postern.stop();
      await node.stop();
    },
  };
}
