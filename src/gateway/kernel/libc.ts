import { getSystemErrorName } from "node:util";
import type { KoffiFunc } from "koffi";

type NativeCall = KoffiFunc<(...args: readonly unknown[]) => number>;

/** An open file descriptor. */
export type Descriptor = number;

export const socketFamily = { inet: 2, inet6: 10, netlink: 16, packet: 17 } as const;
export const socketType = { stream: 1, datagram: 2, raw: 3 } as const;
const closeOnExec = 0o2000000;
const solSocket = 1;
const receiveTimeoutOption = 20;
const attachFilterOption = 26;
const newNetwork = 0x40000000;

/** A system call that the kernel refused. */
export class SystemCallError extends Error {
  /** As in errno(3): `EPERM`, `ENOENT`, ... */
  readonly code: string;

  /** @param errno positive */
  constructor(call: string, errno: number) {
    const code = getSystemErrorName(-errno);
    super(`${call}: ${code}`);
    this.name = "SystemCallError";
    this.code = code;
  }
}

/**
 * The few calls of the C library that Node has no own way to: sockets of other families, and network namespaces.
 * All of them are synchronous; those used here take microseconds.
 */
export class Libc {
  readonly #functions: Readonly<Record<string, NativeCall>>;
  readonly #errno: () => number;
  readonly #addressOf: (bytes: Buffer) => bigint;

  private constructor(
    functions: Readonly<Record<string, NativeCall>>,
    errno: () => number,
    addressOf: (bytes: Buffer) => bigint,
  ) {
    this.#functions = functions;
    this.#errno = errno;
    this.#addressOf = addressOf;
  }

  /** @throws where the C library cannot be called: not on Linux, or not on this processor */
  static async load(): Promise<Libc> {
    const { default: koffi } = await import("koffi");
    const library = koffi.load("libc.so.6");
    const declarations = [
      "int socket(int domain, int type, int protocol)",
      "int bind(int fd, const void *address, uint32_t length)",
      "int64_t send(int fd, const void *data, size_t length, int flags)",
      "int64_t sendto(int fd, const void *data, size_t length, int flags, const void *address, uint32_t addressLength)",
      "int64_t recv(int fd, void *data, size_t length, int flags)",
      "int setsockopt(int fd, int level, int name, const void *value, uint32_t length)",
      "int setns(int fd, int kind)",
      "int close(int fd)",
    ];
    const functions = declarations.map((declaration) => {
      const name = /(\w+)\(/.exec(declaration)?.[1] ?? "";
      return [name, library.func(declaration)] as const;
    });
    return new Libc(
      Object.fromEntries(functions),
      () => koffi.errno(),
      (bytes) => koffi.address(bytes),
    );
  }

  /** Opens a socket that programs started later do not inherit. @throws SystemCallError */
  socket(family: number, type: number, protocol: number): Descriptor {
    return this.#call("socket", family, type | closeOnExec, protocol);
  }

  /** @param address a sockaddr of the socket's family @throws SystemCallError */
  bind(socket: Descriptor, address: Buffer): void {
    this.#call("bind", socket, address, address.length);
  }

  /** @throws SystemCallError */
  send(socket: Descriptor, data: Buffer): number {
    return this.#call("send", socket, data, data.length, 0);
  }

  /** @param address a sockaddr @throws SystemCallError */
  sendTo(socket: Descriptor, data: Buffer, address: Buffer): number {
    return this.#call("sendto", socket, data, data.length, 0, address, address.length);
  }

  /** Returns the bytes received. @param flags as in recv(2) @throws SystemCallError EAGAIN after the socket's time-out */
  receive(socket: Descriptor, into: Buffer, flags = 0): number {
    return this.#call("recv", socket, into, into.length, flags);
  }

  /** @throws SystemCallError */
  setOption(socket: Descriptor, level: number, name: number, value: Buffer): void {
    this.#call("setsockopt", socket, level, name, value, value.length);
  }

  /** After this, receiving gives up with EAGAIN. @param timeoutMs from 1 @throws SystemCallError */
  setReceiveTimeout(socket: Descriptor, timeoutMs: number): void {
    const value = Buffer.alloc(16);
    value.writeBigInt64LE(BigInt(Math.floor(timeoutMs / 1_000)), 0);
    value.writeBigInt64LE(BigInt(timeoutMs % 1_000) * 1_000n, 8);
    this.setOption(socket, solSocket, receiveTimeoutOption, value);
  }

  /**
   * Lets a classic BPF program decide what the socket receives.
   * @param program instructions of 8 bytes each (struct sock_filter) @throws SystemCallError
   */
  attachFilter(socket: Descriptor, program: Buffer): void {
    const value = Buffer.alloc(16);
    value.writeUInt16LE(program.length / 8, 0);
    value.writeBigUInt64LE(this.#addressOf(program), 8);
    this.setOption(socket, solSocket, attachFilterOption, value);
  }

  /**
   * Runs `work` with the calling thread in another network namespace. A socket belongs for ever to the namespace that
   * its thread was in when it was opened, so `work` may only open sockets, synchronously.
   * @param target descriptor of the namespace to visit
   * @param home descriptor of the one to come back to
   * @throws SystemCallError and what `work` throws
   */
  inNamespace<Result>(target: Descriptor, home: Descriptor, work: () => Result): Result {
    this.enterNamespace(target);
    try {
      return work();
    } finally {
      this.enterNamespace(home);
    }
  }

  /** Moves the calling thread, and no other, to a network namespace. @throws SystemCallError */
  enterNamespace(target: Descriptor): void {
    this.#call("setns", target, newNetwork);
  }

  close(descriptor: Descriptor): void {
    this.#call("close", descriptor);
  }

  /** Closes in a thread of its own: for sockets where the kernel waits for packets that are on their way, for 10 ms. */
  closeAside(descriptor: Descriptor): void {
    this.#functions["close"]?.async(descriptor, () => undefined);
  }

  #call(name: string, ...args: readonly unknown[]): number {
    const call = this.#functions[name];
    if (!call) throw new TypeError(`${name} is not declared`);
    for (;;) {
      const result = call(...args);
      if (result >= 0) return result;
      const errno = this.#errno();
      const error = new SystemCallError(name, errno);
      // A signal (a child of this process ended, say) is no answer.
      if (error.code !== "EINTR") throw error;
    }
  }
}
