import { Readable } from "node:stream";
import { PosternError } from "../domain/errors.ts";
import { renderEvent, type EventKind, type PosternEvent } from "../domain/events.ts";
import type { ProjectId } from "../domain/ids.ts";
import type { Store } from "../domain/store.ts";
import type { LiveFigures } from "./live-figures.ts";

const mostStreams = 1_000;
const mostOfProject = 20;
const pageSize = 500;
/** Text that waits for a client; nothing more is read for him before he takes it. */
const mostWaitingBytes = 64 * 1024;
/** Who takes nothing from one heartbeat to the next is cut off. He comes back, and misses nothing. */
const heartbeatMs = 15_000;
const checkMs = 2_000;

export interface StreamWish {
  readonly projectId: ProjectId;
  readonly after: number;
  /** Empty: all. */
  readonly kinds: readonly EventKind[];
  /** Whether figures of endpoints and nodes are told besides. */
  readonly hasFigures: boolean;
  readonly isStillAllowed: () => Promise<boolean>;
}

interface Stream extends StreamWish {
  readonly out: Readable;
  /** The newest event that is behind it, sent or not asked for. */
  position: number;
  isReading: boolean;
  /** There may be more than it has read. */
  isStale: boolean;
  /** The client has to take something first. */
  isFull: boolean;
}

/** What comes next in a stream, and where it is then. */
interface StreamPage {
  readonly text: string;
  readonly position: number;
  /** There is nothing more at the moment. */
  readonly isWhole: boolean;
}

/** Sends events to whoever follows them, as they are committed (server-sent events, HTML Living Standard 9.2). */
export class EventStreams {
  readonly #store: Store;
  readonly #figures: LiveFigures;
  readonly #streams = new Set<Stream>();
  /** Of the time since the last event. */
  readonly #pages = new Map<string, Promise<StreamPage>>();

  constructor(store: Store, figures: LiveFigures) {
    this.#store = store;
    this.#figures = figures;
    store.onEvents(({ projects }) => {
      this.#pages.clear();
      for (const stream of this.#streams) if (projects.has(stream.projectId)) this.#wake(stream);
    });
  }

  /**
   * Begins a stream, behind the event `after`. Where some of what follows is forgotten already, it begins with `reset`.
   * @throws PosternError quota_exceeded
   */
  async open(wish: StreamWish): Promise<Readable> {
    this.#checkRoom(wish.projectId);
    const out = new Readable({ highWaterMark: mostWaitingBytes, read: () => this.#resume(stream) });
    const fresh = { position: wish.after, isReading: false, isStale: true, isFull: false };
    const stream: Stream = { ...wish, ...fresh, out };
    this.#streams.add(stream);
    const timers = [
      setInterval(() => beat(stream), heartbeatMs),
      setInterval(() => this.#check(stream), checkMs),
    ];
    const unfollow = wish.hasFigures ? this.#followFigures(stream) : () => undefined;
    out.once("close", () => {
      unfollow();
      for (const timer of timers) clearInterval(timer);
      this.#streams.delete(stream);
    });
    await this.#restart(stream);
    push(stream, `retry: 1000\n${positionOf(stream)}`);
    this.#wake(stream);
    return out;
  }

  #followFigures(stream: Stream): () => void {
    return this.#figures.follow({
      projectId: stream.projectId,
      isReady: () => !stream.isFull && !stream.out.destroyed,
      send: (text) => push(stream, text),
    });
  }

  #checkRoom(project: ProjectId): void {
    const ofProject = [...this.#streams].filter(({ projectId }) => projectId === project).length;
    if (ofProject < mostOfProject && this.#streams.size < mostStreams) return;
    throw new PosternError(
      "quota_exceeded",
      ofProject < mostOfProject
        ? "The server follows events for as many clients as it can. Ask again later, or read the list from time to time."
        : `The project follows events ${ofProject} times already, which is the most. End one first.`,
    );
  }

  /** A position that is forgotten, or of another history of the data, cannot be taken up. */
  async #restart(stream: Stream): Promise<void> {
    const { projectId, position } = stream;
    const [floor, latest] = await this.#store.read(
      async ({ events }) => [await events.floor(projectId), await events.latest()] as const,
    );
    if (position >= floor && position <= latest) return;
    stream.position = position < floor ? floor : latest;
    push(stream, `event: reset\ndata: {}\n${positionOf(stream)}`);
  }

  #resume(stream: Stream): void {
    stream.isFull = false;
    if (stream.isStale) this.#wake(stream);
  }

  #wake(stream: Stream): void {
    stream.isStale = true;
    if (stream.isReading) return;
    stream.isReading = true;
    this.#read(stream)
      // He comes back, and finds what could not be read now.
      .catch(() => stream.out.destroy())
      .finally(() => {
        stream.isReading = false;
      });
  }

  async #read(stream: Stream): Promise<void> {
    while (stream.isStale && !stream.isFull && !stream.out.destroyed) {
      stream.isStale = false;
      const { text, position, isWhole } = await this.#page(stream);
      stream.isStale ||= !isWhole;
      stream.position = position;
      if (text !== "") push(stream, text);
    }
  }

  /** Those who follow the same from the same place share one look. */
  #page({ projectId, kinds, position }: Stream): Promise<StreamPage> {
    const key = [projectId, position, ...kinds].join();
    const known = this.#pages.get(key);
    if (known) return known;
    const page = this.#readPage(projectId, kinds, position);
    this.#pages.set(key, page);
    return page;
  }

  async #readPage(project: ProjectId, kinds: readonly EventKind[], after: number): Promise<StreamPage> {
    // First: what is committed in between is then in the list, or comes with the next look.
    const latest = await this.#store.events.latest();
    const events = await this.#store.events.list(project, { after, kinds, limit: pageSize });
    const last = events.at(-1)?.seq ?? after;
    const isWhole = events.length < pageSize;
    // What nobody asked for is behind it too: it must not count as missed one day.
    return { text: events.map(frameOf).join(""), position: isWhole ? Math.max(last, latest) : last, isWhole };
  }

  #check(stream: Stream): void {
    stream.isStillAllowed().then(
      (isAllowed) => {
        if (!isAllowed) stream.out.push(null);
      },
      // The store fails at the moment: whoever asked was allowed two seconds ago.
      () => undefined,
    );
  }
}

function push(stream: Stream, text: string): void {
  if (!stream.out.destroyed && !stream.out.push(text)) stream.isFull = true;
}

function beat(stream: Stream): void {
  if (stream.isFull) stream.out.destroy();
  else push(stream, `: heartbeat\n${positionOf(stream)}`);
}

/** An id without data: clients keep it, and show nothing. */
function positionOf({ position }: Stream): string {
  return `id: ${position}\n\n`;
}

function frameOf(event: PosternEvent): string {
  return `id: ${event.seq}\nevent: ${event.kind}\ndata: ${JSON.stringify(renderEvent(event))}\n\n`;
}
