import { isIPv4 } from "node:net";
import { encode, type Answer } from "dns-packet";
import { headerBytes, responseCode, type } from "./wire.ts";

/** All of an answer that stands behind the question, made once for all who ask. */
export interface Section {
  readonly code: number;
  readonly answers: number;
  readonly authorities: number;
  readonly bytes: Buffer;
}

/** Whoever asks for a name that is none gets the zone's SOA record, by which he knows for how long (RFC 2308). */
export interface ZoneSections {
  readonly soa: Section;
  readonly nameServers: Section;
  readonly noData: Section;
  readonly noName: Section;
  /** Everything of a name: as little as there can be (RFC 8482). */
  readonly any: Section;
}

// Nobody transfers this zone, so nobody keeps to these.
const transferTimes = { refresh: 3_600, retry: 600, expire: 604_800 } as const;

/**
 * @param zone the name of the zone @param nameServer the name of its server
 * @param ttlS how long answers may be kept, in seconds; names that are none too
 */
export function zoneSections(zone: string, nameServer: string, serial: number, ttlS: number): ZoneSections {
  const times = { ...transferTimes, minimum: ttlS };
  const soa = recordBytes({
    type: "SOA",
    name: zone,
    ttl: ttlS,
    data: { mname: nameServer, rname: `hostmaster.${zone}`, serial, ...times },
  });
  const { noError, nameError } = responseCode;
  const any = ofQuestion({ type: "HINFO", name: ".", ttl: ttlS, data: { cpu: "RFC8482", os: "" } });
  return {
    soa: { code: noError, answers: 1, authorities: 0, bytes: soa },
    nameServers: answer(ofQuestion({ type: "NS", name: ".", ttl: ttlS, data: nameServer })),
    noData: { code: noError, answers: 0, authorities: 1, bytes: soa },
    noName: { code: nameError, answers: 0, authorities: 1, bytes: soa },
    any: answer(any),
  };
}

/** An answer without a record. */
export function bare(code: number): Section {
  return { code, answers: 0, authorities: 0, bytes: Buffer.alloc(0) };
}

/** The addresses of one name, as answers. They are made when somebody first asks: most names are seldom asked for. */
export class AddressRecords {
  readonly #addresses: readonly string[];
  readonly #ttlS: number;
  #section: Section | undefined;
  #section6: Section | undefined;

  /** @param addresses at most one of each family */
  constructor(addresses: readonly string[], ttlS: number) {
    this.#addresses = addresses;
    this.#ttlS = ttlS;
  }

  /** Returns the answer to a question for a type, or undefined where the name has none of it. */
  section(wanted: number): Section | undefined {
    if (wanted === type.a) return (this.#section ??= this.#make("A"));
    if (wanted === type.aaaa) return (this.#section6 ??= this.#make("AAAA"));
    return undefined;
  }

  #make(kind: "A" | "AAAA"): Section | undefined {
    const data = this.#addresses.find((address) => isIPv4(address) === (kind === "A"));
    if (data === undefined) return undefined;
    return answer(ofQuestion({ type: kind, name: ".", ttl: this.#ttlS, data }));
  }
}

function answer(bytes: Buffer): Section {
  return { code: responseCode.noError, answers: 1, authorities: 0, bytes };
}

/** A record of the name that was asked for: a pointer to the question, in whatever case it was asked (RFC 1035, 4.1.4). */
function ofQuestion(record: Answer): Buffer {
  const pointer = [0xc0, headerBytes];
  return Buffer.concat([Buffer.from(pointer), recordBytes(record).subarray(1)]);
}

function recordBytes(record: Answer): Buffer {
  return encode({ answers: [record] }).subarray(headerBytes);
}
