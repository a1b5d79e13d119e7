import { Socket } from "node:net";
import type { OnReadOpts, SocketConstructorOpts } from "node:net";

interface Handle {
  reading: boolean;
  readStop(): unknown;
  useUserBuffer(buffer: Uint8Array): unknown;
}

/**
 * Node gives `onread` (reading into memory of the caller) to sockets that connect, but not to sockets that a
 * server accepted. This moves the connection of an accepted, paused socket into a new paused socket that has it.
 * It leans on `_handle`, which is internal to Node and old; where it looks different, it returns null, the
 * accepted socket is unharmed, and the caller reads from it by 'data' events.
 */
export function withOnread(accepted: Socket, onread: OnReadOpts): Socket | null {
  const owner = accepted as unknown as { _handle: unknown };
  const handle = owner._handle;
  if (!isHandle(handle)) return null;
  const options = { handle, onread, allowHalfOpen: true, pauseOnCreate: true };
  const socket = new Socket(options as unknown as SocketConstructorOpts);
  if ((socket as unknown as { _handle: unknown })._handle !== handle) return null;
  owner._handle = null;
  return socket;
}

function isHandle(value: unknown): value is Handle {
  if (typeof value !== "object" || value === null) return false;
  const handle = value as Partial<Handle>;
  return typeof handle.readStop === "function" && typeof handle.useUserBuffer === "function";
}
