import type { Libc } from "../libc.ts";
import { relayAddress } from "../nft/schema.ts";
import { RouteSocket } from "../network/route-socket.ts";

/** The relay's address on the loopback interface, which is there while it is needed. */
export class RelayAddress {
  readonly #socket: RouteSocket;
  #isThere: boolean | undefined;

  private constructor(socket: RouteSocket) {
    this.#socket = socket;
  }

  /** Opens the network namespace that this thread is in. @throws SystemCallError */
  static open(libc: Libc): RelayAddress {
    return new RelayAddress(RouteSocket.open(libc));
  }

  /** Brings it, or takes it away, whatever a predecessor left. @throws NetlinkError where the kernel refuses: it has no IPv6 */
  hold(isNeeded: boolean): void {
    this.#isThere ??= this.#socket.addresses().some(({ address }) => address === relayAddress);
    if (this.#isThere === isNeeded) return;
    const loopback = this.#socket.links().find(({ name }) => name === "lo");
    if (!loopback) return;
    if (isNeeded) this.#socket.addAddress(loopback.index, `${relayAddress}/128`);
    else this.#socket.deleteAddress(loopback.index, `${relayAddress}/128`);
    this.#isThere = isNeeded;
  }

  close(): void {
    this.#socket.close();
  }
}
