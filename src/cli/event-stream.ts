/** One event of a stream, as browsers understand it (HTML Living Standard 9.2). */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

/** Longest event that is put together. */
const mostText = 1024 * 1024;

/** Reads server-sent events from text that comes in pieces, and remembers where it is. */
export class EventReader {
  /** What to send as Last-Event-ID to go on from here; null before the first id. */
  lastId: string | null;
  #rest = "";

  constructor(lastId: string | null) {
    this.lastId = lastId;
  }

  /** Returns the events that are whole now. @throws Error where one is too long */
  take(piece: string): readonly StreamEvent[] {
    const blocks = (this.#rest + piece).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    if (this.#rest.length > mostText) throw new Error("the server sent an event without an end");
    return blocks.flatMap((block) => this.#read(block));
  }

  #read(block: string): readonly StreamEvent[] {
    const fields = new Map<string, string>();
    for (const line of block.split("\n")) {
      const at = line.indexOf(":");
      if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1).replace(/^ /, ""));
    }
    this.lastId = fields.get("id") ?? this.lastId;
    const data = fields.get("data");
    return data === undefined ? [] : [{ event: fields.get("event") ?? "message", data }];
  }
}
