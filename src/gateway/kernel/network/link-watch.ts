import type { Libc } from "../libc.ts";
import { readAttributes } from "../netlink/attributes.ts";
import { netlinkProtocol, NetlinkSocket } from "../netlink/netlink-socket.ts";
import { readLink, type Link } from "./route-socket.ts";

/** RTNLGRP_LINK, RTM_NEWLINK (uapi/linux/rtnetlink.h). */
const linkGroup = 1;
const newLink = 16;
const deletedLink = 17;
const messageHeaderLength = 16;
const linkHeaderLength = 16;
/** Some hundred changes between two looks: where there are more, all interfaces are looked at. */
const bufferBytes = 1024 * 1024;
const datagramsAtOnce = 1_000;

/** Hears of every change of an interface of this network namespace, so that nobody has to look for one. */
export class LinkWatch {
  readonly #socket: NetlinkSocket;

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** Begins to listen. @throws SystemCallError */
  static open(libc: Libc): LinkWatch {
    const socket = NetlinkSocket.open(libc, netlinkProtocol.route, bufferBytes);
    socket.join(linkGroup);
    return new LinkWatch(socket);
  }

  /**
   * Whether interfaces may be others than they were, since the last call.
   * @param known returns an interface by its name or index as it was; undefined for those that do not matter
   */
  hasChanged(known: (link: Link) => Link | undefined): boolean {
    let hasChanged = false;
    const look = (message: Buffer): void => {
      const type = message.readUInt16LE(4);
      if (type !== newLink && type !== deletedLink) return;
      const payload = message.subarray(messageHeaderLength);
      const link = readLink(payload, readAttributes(payload.subarray(linkHeaderLength)));
      const own = known(link);
      if (own) hasChanged ||= type === deletedLink || !isSame(own, link);
    };
    for (;;) {
      const told = this.#socket.takeTold(datagramsAtOnce, look);
      if (told === "empty") return hasChanged;
      hasChanged ||= told === "overrun";
    }
  }

  close(): void {
    this.#socket.close();
  }
}

/** An interface that was down for a moment has lost its routes. */
function isSame(own: Link, link: Link): boolean {
  return (
    link.isUp &&
    own.index === link.index &&
    own.name === link.name &&
    own.master === link.master &&
    own.hardwareAddress === link.hardwareAddress
  );
}
