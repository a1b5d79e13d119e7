import { attributeAt, forEachAttribute, readAttributes, readText } from "../netlink/attributes.ts";
import { MessageWriter } from "../netlink/message-writer.ts";
import { messageFlag, NetlinkError, type NetlinkSocket } from "../netlink/netlink-socket.ts";
import { readCounters, type Count } from "./counters.ts";
import { decode, encode, identity, type Element } from "./element.ts";
import { kernelName, sets, tableFamily, tableName, type SetName, type SetSchema } from "./schema.ts";

/** An addition or a removal of one element. To change one is to remove it and to add it again. */
export interface Change {
  readonly verb: "add" | "remove";
  readonly set: SetName;
  readonly element: Element;
}

/** An element as the kernel has it. */
export interface Listed extends Element {
  readonly counter?: { readonly packets: number; readonly bytes: number };
}

// uapi/linux/netfilter/nfnetlink.h and nf_tables.h
const nfTables = 10 << 8;
const batchBegin = 0x10;
const batchEnd = 0x11;
const getSet = nfTables | 10;
const newElement = nfTables | 12;
const getElement = nfTables | 13;
const deleteElement = nfTables | 14;
const getGeneration = nfTables | 16;
const setTable = 1;
const setNameAttribute = 2;
const listTable = 1;
const listSet = 2;
const listElements = 3;
const listItem = 1;
const generationId = 1;
const elementKey = 1;
const elementData = 2;
const elementUserData = 6;
const elementExpression = 7;
const elementKeyEnd = 10;
const elementExpressions = 11;
const commentType = 0;
const dataValue = 1;
const dataVerdict = 2;
const verdictCode = 1;
const verdictChain = 2;
const goto = -4;
const expressionName = 1;
const expressionData = 2;
const overLimit = 1;

/** The kernel's token buckets fill again, if slowly: an element of credits gets one back in this time. */
export const creditReturnSeconds = 86_400;
/** The kernel counts tokens as nanoseconds in 63 bits: more days than these would not fit (net/netfilter/nft_limit.c). */
export const mostCredits = 100_000;

/** An attribute holds 64 KiB at most; elements are far below 200 bytes. */
const elementsPerMessage = 300;
/** The kernel answers with a message of a page for each, which have to fit into the socket's buffer. */
const countersPerMessage = 256;
/** A table that is changed in size is so for a few milliseconds. */
const mostListings = 10;

/** The elements of Postern's tables, through raw netlink: tens of microseconds a change. */
export class Tables {
  readonly #socket: NetlinkSocket;
  /** What the kernel's generation would be if nobody else had changed any table since `noteGeneration`. */
  #generation: number | undefined;

  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** Begins to watch whether somebody else changes a table. To be called before the tables are read. */
  noteGeneration(): void {
    this.#generation = this.#readGeneration();
  }

  /** Whether nobody else has changed any table of this network namespace since `noteGeneration`. */
  get areUntouched(): boolean {
    return this.#generation === this.#readGeneration();
  }

  /** Whether the kernel has a set of this name in the main table: how a ruleset's version is found out. */
  hasSet(name: string): boolean {
    const writer = new MessageWriter();
    const sequence = this.#socket.nextSequence();
    writer.begin(getSet, messageFlag.request | messageFlag.ack, sequence);
    writer.nfnetlink(tableFamily.inet);
    writer.text(setTable, tableName);
    writer.text(setNameAttribute, name);
    writer.end();
    try {
      this.#socket.transact(writer.bytes(), sequence);
      return true;
    } catch (error) {
      if (error instanceof NetlinkError && error.code === "ENOENT") return false;
      throw error;
    }
  }

  /** Makes all changes, in their order, or none. @throws NetlinkError */
  apply(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    const writer = new MessageWriter();
    this.#mark(writer, batchBegin);
    let last = 0;
    for (const run of runsOf(changes)) last = this.#write(writer, run);
    this.#mark(writer, batchEnd);
    this.#socket.transact(writer.bytes(), last);
    // The kernel counts batches that were carried out.
    if (this.#generation !== undefined) this.#generation = (this.#generation + 1) >>> 0;
  }

  /**
   * Returns every element of a set. While the kernel makes its table larger or smaller it lists some elements twice, and
   * may leave out others: then it is asked again. @throws NetlinkError
   */
  list(set: SetName): readonly Listed[] {
    for (let attempt = 1; ; attempt += 1) {
      const listed = new Map<string, Listed>();
      let count = 0;
      this.#dump(set, (payload) => {
        const items = attributeAt(payload.subarray(4), listElements);
        if (!items) return;
        forEachAttribute(items, (_item, bytes) => {
          const element = readElement(sets[set], bytes);
          listed.set(identity(element), element);
          count += 1;
        });
      });
      if (count === listed.size || attempt === mostListings) return [...listed.values()];
    }
  }

  /**
   * Returns what elements of a set of counters have counted, by the mark that is their key. It takes as long for each as
   * for any other; to list a whole set takes the kernel longer for each element the more there are.
   * Elements that the set does not have are left out. @throws NetlinkError
   */
  countersOf(set: SetName, marks: readonly number[]): ReadonlyMap<number, Count> {
    const counts = new Map<number, Count>();
    for (let at = 0; at < marks.length; at += countersPerMessage)
      this.#readSome(set, marks.slice(at, at + countersPerMessage), counts);
    return counts;
  }

  /**
   * Returns all that a set of counters has counted. For sets of few elements: it takes the kernel longer for each the
   * more there are. @throws NetlinkError
   */
  countersIn(set: SetName): ReadonlyMap<number, Count> {
    const counts = new Map<number, Count>();
    this.#dump(set, (payload) => readCounters(payload, counts));
    return counts;
  }

  /** One request an element: with several in one, the kernel stops at the first that is not there. */
  #readSome(set: SetName, marks: readonly number[], counts: Map<number, Count>): void {
    const writer = new MessageWriter();
    let last = 0;
    for (const mark of marks) last = this.#writeGet(writer, set, mark);
    this.#socket.askEach(writer.bytes(), last, isMissing, (_type, payload) => readCounters(payload, counts));
  }

  /** Returns what one element of a set of counters has counted; 0 where there is none. @throws NetlinkError */
  counted(set: SetName, mark: number): number {
    return this.countersOf(set, [mark]).get(mark)?.packets ?? 0;
  }

  /** Returns the message's number. */
  #writeGet(writer: MessageWriter, set: SetName, mark: number): number {
    const sequence = this.#socket.nextSequence();
    writer.begin(getElement, messageFlag.request | messageFlag.ack, sequence);
    writer.nfnetlink(tableFamily[sets[set].family]);
    writer.text(listTable, tableName);
    writer.text(listSet, kernelName(set));
    const list = writer.open(listElements);
    writeElement(writer, sets[set], { key: [mark] }, false);
    writer.close(list);
    writer.end();
    return sequence;
  }

  #readGeneration(): number {
    const writer = new MessageWriter();
    const sequence = this.#socket.nextSequence();
    writer.begin(getGeneration, messageFlag.request | messageFlag.ack, sequence);
    writer.nfnetlink(0);
    writer.end();
    let generation = 0;
    this.#socket.dump(writer.bytes(), sequence, (_type, payload) => {
      generation = attributeAt(payload.subarray(4), generationId)?.readUInt32BE() ?? 0;
    });
    return generation;
  }

  #dump(set: SetName, receive: (payload: Buffer) => void): void {
    const writer = new MessageWriter();
    const sequence = this.#socket.nextSequence();
    writer.begin(getElement, messageFlag.request | messageFlag.dump, sequence);
    writer.nfnetlink(tableFamily[sets[set].family]);
    writer.text(listTable, tableName);
    writer.text(listSet, kernelName(set));
    writer.end();
    this.#socket.dump(writer.bytes(), sequence, (_type, payload) => receive(payload));
  }

  #mark(writer: MessageWriter, type: number): void {
    writer.begin(type, messageFlag.request, this.#socket.nextSequence());
    writer.nfnetlink(0, 10);
    writer.end();
  }

  /** Returns the message's number. */
  #write(writer: MessageWriter, run: readonly Change[]): number {
    const [{ verb, set } = { verb: "add", set: "gate" } as const] = run;
    const sequence = this.#socket.nextSequence();
    const create = verb === "add" ? messageFlag.create | messageFlag.excl : 0;
    writer.begin(
      verb === "add" ? newElement : deleteElement,
      messageFlag.request | messageFlag.ack | create,
      sequence,
    );
    writer.nfnetlink(tableFamily[sets[set].family]);
    writer.text(listTable, tableName);
    writer.text(listSet, kernelName(set));
    const list = writer.open(listElements);
    for (const { element } of run) writeElement(writer, sets[set], element, verb === "add");
    writer.close(list);
    writer.end();
    return sequence;
  }
}

/** Neighbours of one verb and set, as many as fit into one message. */
function* runsOf(changes: readonly Change[]): Generator<readonly Change[]> {
  let start = 0;
  for (let at = 1; at <= changes.length; at += 1) {
    const [first, here] = [changes[start], changes[at]];
    const goesOn = here && first && here.verb === first.verb && here.set === first.set;
    if (goesOn && at - start < elementsPerMessage) continue;
    yield changes.slice(start, at);
    start = at;
  }
}

function writeElement(writer: MessageWriter, schema: SetSchema, element: Element, isWhole: boolean): void {
  const item = writer.open(listItem);
  writeData(writer, elementKey, encode(schema.key, element.key, schema.interval));
  if (element.last !== undefined) {
    const last = [...element.key.slice(0, -1), element.last];
    writeData(writer, elementKeyEnd, encode(schema.key, last, schema.interval));
  }
  if (isWhole) writeContent(writer, schema, element);
  writer.close(item);
}

function writeData(writer: MessageWriter, type: number, bytes: Buffer): void {
  const data = writer.open(type);
  writer.data(dataValue, bytes);
  writer.close(data);
}

function writeContent(writer: MessageWriter, schema: SetSchema, element: Element): void {
  if (schema.data === "verdict") writeVerdict(writer, element.chain ?? "");
  else if (schema.data) writeData(writer, elementData, encode(schema.data, element.data ?? []));
  if (element.comment !== undefined) writer.data(elementUserData, commentBytes(element.comment));
  if (schema.state === "cap") {
    writeExpression(writer, "connlimit", () => {
      writer.u32(1, element.cap ?? 0);
      writer.u32(2, overLimit);
    });
  }
  if (element.credits !== undefined) {
    const { credits } = element;
    writeExpression(writer, "limit", () => writeLimit(writer, 1, creditReturnSeconds, credits, false));
  }
  if (element.rate) {
    const { perSecond, burst } = element.rate;
    const isBytes = schema.state === "byte rate";
    writeExpression(writer, "limit", () => writeLimit(writer, perSecond, 1, burst, isBytes));
  }
}

function writeLimit(
  writer: MessageWriter,
  rate: number,
  seconds: number,
  burst: number,
  isBytes: boolean,
): void {
  writer.u64(1, BigInt(rate));
  writer.u64(2, BigInt(seconds));
  writer.u32(3, burst);
  writer.u32(4, isBytes ? 1 : 0);
  writer.u32(5, overLimit);
}

/** As nft writes comments: type, length, text and its zero byte. */
function commentBytes(comment: string): Buffer {
  const text = Buffer.from(`${comment}\0`, "latin1");
  return Buffer.concat([Buffer.from([commentType, text.length]), text]);
}

function writeVerdict(writer: MessageWriter, chain: string): void {
  const data = writer.open(elementData);
  const verdict = writer.open(dataVerdict);
  writer.u32(verdictCode, goto);
  writer.text(verdictChain, chain);
  writer.close(verdict);
  writer.close(data);
}

function writeExpression(writer: MessageWriter, name: string, writeOwn: () => void): void {
  const expression = writer.open(elementExpression);
  writer.text(expressionName, name);
  const data = writer.open(expressionData);
  writeOwn();
  writer.close(data);
  writer.close(expression);
}

function readElement(schema: SetSchema, bytes: Buffer): Listed {
  const attributes = readAttributes(bytes);
  const key = decode(
    schema.key,
    attributeAt(bytes, elementKey, dataValue) ?? Buffer.alloc(0),
    schema.interval,
  );
  const end = attributes.has(elementKeyEnd) ? attributeAt(bytes, elementKeyEnd, dataValue) : undefined;
  const last = end && decode(schema.key, end, schema.interval).at(-1);
  const value = attributeAt(bytes, elementData, dataValue);
  const userData = attributes.get(elementUserData);
  const chain = attributeAt(bytes, elementData, dataVerdict, verdictChain);
  return {
    key,
    ...(schema.interval && typeof last === "string" ? { last } : {}),
    ...(Array.isArray(schema.data) && value ? { data: decode(schema.data, value) } : {}),
    ...(chain ? { chain: readText(chain) } : {}),
    ...(userData?.[0] === commentType ? { comment: readText(userData.subarray(2)) } : {}),
    ...readState(expressionOf(bytes)),
  };
}

/** Kernels give one expression in the one attribute or in the other. */
function expressionOf(bytes: Buffer): Buffer | undefined {
  return attributeAt(bytes, elementExpression) ?? attributeAt(bytes, elementExpressions, listItem);
}

function readState(expression: Buffer | undefined): Partial<Listed> {
  const name = expression && attributeAt(expression, expressionName);
  const state = expression && attributeAt(expression, expressionData);
  if (!name || !state) return {};
  const values = readAttributes(state);
  const u64 = (type: number): number => Number(values.get(type)?.readBigUInt64BE() ?? 0n);
  const u32 = (type: number): number => values.get(type)?.readUInt32BE() ?? 0;
  switch (readText(name)) {
    case "counter":
      return { counter: { bytes: u64(1), packets: u64(2) } };
    case "connlimit":
      return { cap: u32(1) };
    case "limit":
      return u64(2) === creditReturnSeconds
        ? { credits: u32(3) }
        : { rate: { perSecond: u64(1), burst: u32(3) } };
    default:
      return {};
  }
}

function isMissing({ code }: NetlinkError): boolean {
  return code === "ENOENT";
}
