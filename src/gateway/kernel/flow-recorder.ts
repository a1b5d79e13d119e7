import type { EngineLog } from "../engine.ts";
import type { FlowRecordSink } from "../flow-record.ts";
import type { FlowEnds } from "./conntrack/flow-ends.ts";
import { flowRecord } from "./ended-session.ts";
import type { EndpointNames } from "./endpoint-names.ts";

const takeEveryMs = 50;
/** Some 10 ms of work; the kernel keeps what comes meanwhile. */
const endsATurn = 1_000;
/** More than the kernel keeps. */
const turnsAtEnd = 100;

/** Makes records of the ends that the kernel tells of. Flows whose mark is no endpoint's are other programs'. */
export class FlowRecorder {
  readonly #ends: FlowEnds;
  readonly #sink: FlowRecordSink;
  readonly #names: EndpointNames;
  readonly #log: EngineLog;
  #timer: NodeJS.Timeout | undefined;
  #isFailing = false;
  #isClosed = false;

  /** @param ends closed by `close` */
  constructor(ends: FlowEnds, sink: FlowRecordSink, names: EndpointNames, log: EngineLog) {
    this.#ends = ends;
    this.#sink = sink;
    this.#names = names;
    this.#log = log;
    this.#turn();
  }

  /** Takes what the kernel has told so far. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (let turn = 0; turn < turnsAtEnd && this.#take() !== "empty"; turn += 1);
    this.#ends.close();
  }

  #turn(): void {
    const hasMore = this.#take() !== "empty";
    this.#timer = setTimeout(() => this.#turn(), hasMore ? 0 : takeEveryMs);
    this.#timer.unref();
  }

  #take(): "empty" | "more" | "overrun" {
    try {
      const outcome = this.#ends.take(endsATurn, (flow) => {
        const name = this.#names.nameOf(flow.mark);
        if (name) this.#sink.record(flowRecord(flow, name, Date.now()));
      });
      if (outcome === "overrun") this.#sink.overrun();
      this.#isFailing = false;
      return outcome;
    } catch (error) {
      if (!this.#isFailing)
        this.#log.error({ err: error }, "The kernel's word of ended sessions cannot be read.");
      this.#isFailing = true;
      return "empty";
    }
  }
}
