import type { Answer, OptAnswer } from "dns-packet";
import { describe, expect, test } from "vitest";
import type { EndpointId } from "../../domain/ids.ts";
import type { SnapshotEndpoint } from "../../domain/snapshot.ts";
import { uuid } from "../../domain/test-fixtures.ts";
import { answer, type Transport } from "./answer.ts";
import {
  aNamedSnapshot,
  aQuery,
  aView,
  name,
  nameOf,
  otherEndpointId,
  read,
  reachable,
  zone,
} from "./test-dns.ts";
import { nameKey } from "./wire.ts";

const view = aView();
const soaOnly = [`${zone} SOA`];

function ask(
  question: string,
  type: string,
  wish: Parameters<typeof aQuery>[2] = {},
  transport: Transport = "udp",
) {
  return read(answer(aQuery(question, type, wish), view, transport));
}

function opt(wish: Partial<OptAnswer> = {}): Answer {
  const plain = {
    udpPayloadSize: 4_096,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  return { type: "OPT", name: ".", ...plain, ...wish };
}

function header(flags: string, counts: string): Buffer {
  return Buffer.from(`abcd${flags}${counts}`, "hex");
}

/** Returns what is answered to whoever asks for either address of an endpoint. */
function answersOf(wish: Partial<SnapshotEndpoint>): unknown {
  const one = aView(aNamedSnapshot(7, wish));
  return ["A", "AAAA"].map((type) => read(answer(aQuery(name, type), one, "udp")).answers);
}

describe("what there is", () => {
  test("a name has its endpoint's address, for five seconds, and nothing besides", () => {
    const said = ask(name, "A");
    expect(said).toMatchObject({ code: "NOERROR", flags: "qr aa", authorities: [], additionals: 0 });
    expect(said.answers).toEqual([`${name} A "127.80.0.2"`]);
    expect(said.packet.answers?.[0]).toMatchObject({ ttl: 5 });
    expect(said.packet.id).toBe(0x1234);
  });

  test("a type that a name has not is told apart from a name that is none, both with the zone's SOA", () => {
    for (const type of ["AAAA", "TXT", "MX", "SOA", "NS"]) {
      expect(ask(name, type)).toMatchObject({
        code: "NOERROR",
        flags: "qr aa",
        answers: [],
        authorities: soaOnly,
      });
    }
    for (const none of [`www.${zone}`, `x.${name}`, nameOf(otherEndpointId)]) {
      const said = ask(none, "A");
      expect(said).toMatchObject({ code: "NXDOMAIN", flags: "qr aa", answers: [], authorities: soaOnly });
      const data = { serial: 7, minimum: 5, mname: `ns.${zone}` };
      expect(said.packet.authorities).toMatchObject([{ ttl: 5, data }]);
    }
  });

  test("the zone names its server, and its server has this network's address", () => {
    expect(ask(zone, "NS").answers).toEqual([`${zone} NS "ns.${zone}"`]);
    expect(ask(zone, "SOA").answers[0]).toContain(`${zone} SOA {"mname":"ns.${zone}"`);
    expect(ask(zone, "A")).toMatchObject({ code: "NOERROR", answers: [], authorities: soaOnly });
    expect(ask(`ns.${zone}`, "A").answers).toEqual([`ns.${zone} A "127.80.0.10"`]);
  });

  test("whoever asks for everything gets as little as there can be, and only of what there is", () => {
    expect(ask(name, "ANY").answers).toEqual([`${name} HINFO {"cpu":"RFC8482","os":""}`]);
    expect(ask(zone, "ANY").answers).toEqual([`${zone} HINFO {"cpu":"RFC8482","os":""}`]);
    expect(ask(`www.${zone}`, "ANY").code).toBe("NXDOMAIN");
  });

  test("a name that nobody can tell anything of yet is no name that does not exist", () => {
    const unknown = aView(aNamedSnapshot(), { ...reachable, isHealthy: () => null });
    expect(read(answer(aQuery(name, "A"), unknown, "udp"))).toMatchObject({
      code: "SERVFAIL",
      flags: "qr",
      authorities: [],
    });
  });
});

test("the question comes back letter for letter, whatever its case", () => {
  const odd = name.replace("vpcep", "vPcEp").replace("postern", "POSTern");
  const said = ask(odd, "A");
  expect(said.packet.questions?.[0]?.name).toBe(odd);
  expect(said.answers).toEqual([`${odd} A "127.80.0.2"`]);
});

test("a name is compared by its labels: one with a dot inside is another", () => {
  const query = aQuery(name, "A");
  const dot = query.indexOf(8, 13);
  expect(query[dot]).toBe("region-1".length);
  // vpcep-…\.region-1 as one label, of 42 + 1 + 8 bytes.
  query.writeUInt8(51, 12);
  query.write(".", dot);
  expect(read(answer(query, view, "udp")).code).toBe("REFUSED");
});

test("a name that only ends in the letters of the zone does not lie in it", () => {
  const label = `evil${nameKey(zone)}`.slice(0, 32);
  const query = Buffer.concat([
    aQuery("a", "A").subarray(0, 12),
    Buffer.from(String.fromCharCode(label.length) + label, "latin1"),
    Buffer.from([0, 0, 1, 0, 1]),
  ]);
  expect(read(answer(query, view, "udp")).code).toBe("REFUSED");
});

describe("what is refused", () => {
  test("names outside of the zone, also the zones above", () => {
    for (const outside of [
      "example.com",
      "postern.internal",
      "internal",
      "xregion-1.postern.internal",
      ".",
    ]) {
      expect(ask(outside, "A")).toMatchObject({ code: "REFUSED", flags: "qr", authorities: [] });
    }
  });

  test("the transfer of the zone, in either way, and other classes", () => {
    for (const type of ["AXFR", "IXFR"]) expect(ask(zone, type, {}, "tcp").code).toBe("REFUSED");
    const questions = [{ type: "TXT", class: "CH", name: "version.bind" } as const];
    expect(ask(name, "A", { questions }).code).toBe("REFUSED");
    const chaos = aQuery(name, "A");
    chaos.writeUInt16BE(3, chaos.length - 2);
    expect(read(answer(chaos, view, "udp")).code).toBe("REFUSED");
  });

  test.each([1, 2, 4, 5, 15])("operation %i, which is not implemented", (opcode) => {
    const query = aQuery(zone, "SOA");
    query.writeUInt8(opcode << 3, 2);
    const reply = answer(query, view, "udp") ?? Buffer.alloc(0);
    expect(reply.toString("hex")).toBe(`1234${(0x80 | (opcode << 3)).toString(16)}040000000000000000`);
  });
});

describe("EDNS", () => {
  test("is answered with a size of our own, version 0, no option, and DO as it was asked", () => {
    const options = [{ code: 12 as const, length: 16 }];
    const query = aQuery(name, "A", { additionals: [opt({ flags: 0x8000, options })] });
    const said = read(answer(query, view, "udp"));
    expect(said.answers).toHaveLength(1);
    expect(said.packet.additionals).toEqual([
      expect.objectContaining({
        udpPayloadSize: 1_232,
        ednsVersion: 0,
        extendedRcode: 0,
        flag_do: true,
        options: [],
      }),
    ]);
    const plain = read(answer(aQuery(name, "A", { additionals: [opt()] }), view, "udp"));
    expect(plain.packet.additionals?.[0]).toMatchObject({ flag_do: false });
  });

  test("of another version is refused as such, with the one that is known", () => {
    const said = ask(name, "A", { additionals: [opt({ ednsVersion: 1 })] });
    expect(said.answers).toEqual([]);
    expect(said.packet.additionals?.[0]).toMatchObject({ ednsVersion: 0, extendedRcode: 1 });
    expect(said.packet).toMatchObject({ rcode: "NOERROR" });
  });

  test("twice, in the wrong place or of a name is malformed", () => {
    expect(ask(name, "A", { additionals: [opt(), opt()] }).code).toBe("FORMERR");
    expect(ask(name, "A", { authorities: [opt()] }).code).toBe("FORMERR");
    const named = aQuery("a", "A", { additionals: [opt()] });
    const atOpt = named.length - 11;
    const withName = Buffer.concat([named.subarray(0, atOpt), Buffer.from([1, 0x61]), named.subarray(atOpt)]);
    expect(read(answer(withName, view, "udp")).code).toBe("FORMERR");
  });

  test("with an option that is longer than the record is malformed", () => {
    const query = aQuery(name, "A", {
      additionals: [opt({ options: [{ code: 12, length: 8 }] })],
    });
    query.writeUInt16BE(9, query.length - 10);
    expect(read(answer(query, view, "udp")).code).toBe("FORMERR");
  });
});

describe("answers that are longer than the asker takes", () => {
  const longest = { ...aNamedSnapshot(), region: "r".repeat(63) };
  const zoneLabels = ["a".repeat(63), "b".repeat(63), "c".repeat(18)].join(".");
  const large = aView({ ...longest, dns: { zone: zoneLabels, resolvers: longest.dns?.resolvers ?? [] } });
  const missing = `${"x".repeat(42)}.${"r".repeat(63)}.${zoneLabels}`;

  test("are cut off over UDP, with a bit that says so, and whole over TCP", () => {
    const query = aQuery(missing, "A");
    const small = answer(query, large, "udp");
    expect(small?.length).toBeLessThanOrEqual(512);
    expect(read(small)).toMatchObject({ code: "NXDOMAIN", flags: "qr aa tc", authorities: [] });
    expect(read(answer(query, large, "tcp"))).toMatchObject({
      flags: "qr aa",
      authorities: [expect.stringContaining("SOA")],
    });
  });

  test("are whole over UDP where the asker takes them, and 1,232 bytes are enough", () => {
    const query = (bytes: number): Buffer =>
      aQuery(missing, "A", { additionals: [opt({ udpPayloadSize: bytes })] });
    const whole = answer(query(4_096), large, "udp");
    const size = whole?.length ?? 0;
    expect(read(whole).flags).toBe("qr aa");
    expect(size).toBeGreaterThan(512);
    expect(read(answer(query(size), large, "udp")).flags).toBe("qr aa");
    expect(read(answer(query(size - 1), large, "udp"))).toMatchObject({ flags: "qr aa tc", additionals: 1 });
    // A size below what everybody takes counts as that.
    expect(
      read(answer(aQuery(name, "A", { additionals: [opt({ udpPayloadSize: 64 })] }), view, "udp")).flags,
    ).toBe("qr aa");
  });
});

describe("what is malformed", () => {
  const query = aQuery(name, "A");
  const malformed = "abcd80010000000000000000";

  test("gets no word where it has no header, or is an answer itself", () => {
    for (let length = 0; length < 12; length += 1)
      expect(answer(query.subarray(0, length), view, "udp")).toBeUndefined();
    expect(answer(answer(query, view, "udp") ?? query, view, "udp")).toBeUndefined();
  });

  test("is told so, by its id", () => {
    for (let length = 12; length < query.length; length += 1)
      expect(read(answer(query.subarray(0, length), view, "udp"))).toMatchObject({
        code: "FORMERR",
        flags: "qr",
      });
    const cases = [
      header("0000", "0000000000000000"),
      header("0000", "ffffffffffffffff"),
      // A name that is a pointer to itself, to nowhere, to the header; a label of a kind that is not.
      Buffer.concat([header("0000", "0001000000000000"), Buffer.from("c00c00010001", "hex")]),
      Buffer.concat([header("0000", "0001000000000000"), Buffer.from("ffff00010001", "hex")]),
      Buffer.concat([header("0000", "0001000000000000"), Buffer.from("0161c00000010001", "hex")]),
      Buffer.concat([header("0000", "0001000000000000"), Buffer.from("4161", "hex"), Buffer.alloc(100)]),
    ];
    for (const message of cases) expect(answer(message, view, "udp")?.toString("hex")).toBe(malformed);
  });

  test("has two questions, a name that is too long, or something behind its end", () => {
    const two = aQuery(name, "A", {
      questions: [
        { type: "A", name },
        { type: "A", name },
      ],
    });
    const long = Buffer.concat([
      aQuery("a", "A").subarray(0, 12),
      Buffer.from(`${"\x01a".repeat(128)}\0`),
      Buffer.from([0, 1, 0, 1]),
    ]);
    const longest = Buffer.concat([
      aQuery("a", "A").subarray(0, 12),
      Buffer.from(`${"\x01a".repeat(127)}\0`),
      Buffer.from([0, 1, 0, 1]),
    ]);
    for (const message of [two, long, Buffer.concat([query, Buffer.from([0])])])
      expect(read(answer(message, view, "udp")).code).toBe("FORMERR");
    expect(read(answer(longest, view, "udp")).code).toBe("REFUSED");
  });

  test("asks for OPT", () => {
    const odd = Buffer.from(query);
    odd.writeUInt16BE(41, odd.length - 4);
    expect(read(answer(odd, view, "udp")).code).toBe("FORMERR");
  });
});

test("a record that is no OPT is passed over, with or without a pointer as its name", () => {
  const signature = Buffer.from("00fa00ff00000000000400000000", "hex");
  const many = (count: number): Buffer => {
    const records = Array.from({ length: count }, () => Buffer.concat([Buffer.from([0]), signature]));
    const query = Buffer.concat([aQuery(name, "A"), ...records]);
    query.writeUInt16BE(count, 10);
    return query;
  };
  // No query has so many: whoever sends them has no question.
  expect([8, 9].map((count) => read(answer(many(count), view, "udp")).code)).toEqual(["NOERROR", "FORMERR"]);
  for (const owner of ["00", "c00c", "01610162c00c"]) {
    const query = Buffer.concat([aQuery(name, "A"), Buffer.from(owner, "hex"), signature]);
    query.writeUInt16BE(1, 10);
    expect(read(answer(query, view, "udp"))).toMatchObject({ code: "NOERROR", additionals: 0 });
  }
});

test("whether recursion was desired is kept; it is not available", () => {
  expect(ask(name, "A", { flags: 0x0100 }).flags).toBe("qr aa rd");
});

test("an endpoint with two addresses has both, each for who asks for it; one with IPv6 alone has that", () => {
  expect(answersOf({ address6: "fd00::2" })).toEqual([
    [`${name} A "127.80.0.2"`],
    [`${name} AAAA "fd00::2"`],
  ]);
  expect(answersOf({ address: "fd00::2" })).toEqual([[], [`${name} AAAA "fd00::2"`]]);
});

describe("a name of the owner's own", () => {
  const domain = "logs.example.com";

  /** @param consumers the service's endpoints in the network that asks */
  function askDomain(
    question: string,
    type: string,
    consumers: readonly Partial<SnapshotEndpoint>[] = [{}],
    isHealthy: boolean | null = true,
  ) {
    const snapshot = aNamedSnapshot();
    const [own, other] = snapshot.endpoints as [SnapshotEndpoint, SnapshotEndpoint];
    const endpoints = [...consumers.map((wish) => ({ ...own, ...wish })), other];
    const services = snapshot.services.map((service) => ({ ...service, domains: [domain] }));
    const one = aView({ ...snapshot, services, endpoints }, { ...reachable, isHealthy: () => isHealthy });
    const { code, flags, answers, authorities } = read(answer(aQuery(question, type), one, "udp"));
    return { code, flags, answers, authorities };
  }

  test("leads to the endpoint in the network that asks", () => {
    const address = {
      code: "NOERROR",
      flags: "qr aa",
      answers: [`${domain} A "127.80.0.2"`],
      authorities: [],
    };
    expect(askDomain(domain, "A")).toEqual(address);
    expect(askDomain("LOGS.example.com", "A").answers).toEqual(['LOGS.example.com A "127.80.0.2"']);
    expect(askDomain(domain, "AAAA", [{ address6: "fd00::2" }]).answers).toEqual([
      `${domain} AAAA "fd00::2"`,
    ]);
  });

  test("is a zone of one name", () => {
    expect(askDomain(domain, "SOA").answers[0]).toContain(`${domain} SOA {"mname":"ns.${zone}"`);
    expect(askDomain(domain, "NS").answers).toEqual([`${domain} NS "ns.${zone}"`]);
    expect(askDomain(domain, "ANY").answers).toHaveLength(1);
    const noData = { code: "NOERROR", answers: [], authorities: [`${domain} SOA`] };
    expect(askDomain(domain, "TXT")).toMatchObject(noData);
    for (const question of [`x.${domain}`, `_postern.${domain}`, "example.com"])
      expect(askDomain(question, "A").code).toBe("REFUSED");
  });

  test("leads nowhere while its endpoint does not, and is not there without one that has names", () => {
    const noData = { code: "NOERROR", answers: [], authorities: [`${domain} SOA`] };
    expect(askDomain(domain, "A", [{ refusal: "not_accepted" }])).toMatchObject(noData);
    expect(askDomain(domain, "A", [{}], false)).toMatchObject(noData);
    expect(askDomain(domain, "A", [{}], null).code).toBe("SERVFAIL");
    expect(askDomain(domain, "A", []).code).toBe("REFUSED");
    expect(askDomain(domain, "A", [{ serviceId: uuid(3) as SnapshotEndpoint["serviceId"] }]).code).toBe(
      "REFUSED",
    );
  });

  test("leads to the first of several endpoints that works", () => {
    const [one, two] = [
      { id: uuid(1) as EndpointId, address: "127.80.0.11" },
      { id: uuid(2) as EndpointId, address: "127.80.0.12" },
    ];
    expect(askDomain(domain, "A", [two, one]).answers).toEqual([`${domain} A "127.80.0.11"`]);
    expect(askDomain(domain, "A", [{ ...one, refusal: "not_accepted" }, two]).answers).toEqual([
      `${domain} A "127.80.0.12"`,
    ]);
  });
});
