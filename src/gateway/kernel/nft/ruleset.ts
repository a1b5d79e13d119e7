import { refusalReasons, type RefusalReason } from "../../../domain/refusal.ts";
import {
  bucketsPerGroup,
  kernelName,
  namePort,
  pokeBit,
  refusalChain,
  refusalCounter,
  relayAddress,
  serverPokeMark,
  setNames,
  sets,
  tableName,
  vpcMark,
  type ElementState,
  type Field,
  type SetSchema,
  type TableFamily,
} from "./schema.ts";
import { sessionTimeoutsS } from "./session-timeouts.ts";

/** Grows with every change of the rules below: a gateway finds tables of its predecessor, maybe of an older version. */
export const rulesetVersion = 11;

const typeOf: Readonly<Record<Field, string>> = {
  mark: "meta mark",
  priority: "meta priority",
  number: `numgen inc mod ${bucketsPerGroup}`,
  ipv4_addr: "ip daddr",
  ipv6_addr: "ip6 daddr",
  inet_service: "tcp dport",
  ifname: "iifname",
  zone: "ct zone",
};

/** Defaults that no element keeps: each brings its own figures. */
const stateOf: Readonly<Record<ElementState, string>> = {
  counter: "counter",
  cap: "ct count over 1",
  credit: "limit rate over 1/day burst 1 packets",
  "packet rate": "limit rate over 1/second burst 1 packets",
  "byte rate": "limit rate over 1 bytes/second burst 1 bytes",
  // The rules add these themselves.
  "newcomer rate": "limit rate over 128/hour burst 64 packets",
};

/**
 * Returns the rules that never change, and the empty sets that they look everything up in, as nft's text. It is for a
 * host without Postern's tables.
 *
 * A packet's mark is its VPC's where the gateway or a node answers a consumer, and 0 on its way to a node; a flow's mark
 * (ct mark) is the number of its endpoint. Each VPC is a conntrack zone, so CIDRs may overlap, with the servers' network
 * too. Answers of nodes are in no zone: so nothing of a consumer's that is not for an endpoint gets as far as conntrack.
 */
export function rulesetText(): string {
  return `table inet ${tableName} {
  set version_${rulesetVersion} { type mark; }
${declarations("inet")}
  ct timeout idle4 { protocol tcp; l3proto ip; policy = { ${timeouts} }; }
  ct timeout idle6 { protocol tcp; l3proto ip6; policy = { ${timeouts} }; }
${admission}
${carrying}
${refusalReasons.map(refuse).join("")}${noting}}
table arp ${tableName} {
${declarations("arp")}
${addressResolution}
}
`;
}

const timeouts = Object.entries(sessionTimeoutsS)
  .map(([state, seconds]) => `${state} : ${seconds}`)
  .join(", ");

const neighbours = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert }";
const clampSegments = "tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu";
const dropSpoofed = `meta nfproto ipv4 meta mark . ip saddr != @prefixes4 drop
    meta nfproto ipv6 meta mark . ip6 saddr != @prefixes6 drop`;
const poke = `meta mark & 0xffff0000 { ${hex(vpcMark | pokeBit)}, ${hex(serverPokeMark)} }`;

/**
 * Names are asked for at one address of a network, which is good for nothing else. What is asked and answered is not
 * tracked: a flood of queries takes no place of sessions in the kernel's table of flows.
 */
const names = {
  asked: ofNames("dport", "daddr"),
  answered: ofNames("sport", "saddr"),
} as const;

/** @returns what a packet looks like, for either family */
function ofNames(port: "dport" | "sport", address: "daddr" | "saddr"): readonly [string, string] {
  const common = `meta l4proto { tcp, udp } th ${port} ${namePort} meta mark`;
  return [`${common} . ip ${address} @resolver4`, `${common} . ip6 ${address} @resolver6`];
}

/**
 * From the wire to the decision. Nearly all packets belong to a session that was admitted: they are looked up twice
 * before the kernel's tracking knows them, and once they are known nothing is asked of them any more.
 */
const admission = `
  chain arrive { type filter hook prerouting priority raw; policy accept;
    iifname @vpc_of_interface goto from_consumer
  }
  chain from_consumer {
    ct original zone set iifname . ip daddr . tcp dport map @zone_of_address4 ip ttl set 64 accept
    ct original zone set iifname . ip6 daddr . tcp dport map @zone_of_address6 ip6 hoplimit set 64 accept
    meta mark set iifname map @vpc_of_interface
    ${neighbours} accept
    ${dropSpoofed}
    ${names.asked[0]} notrack accept
    ${names.asked[1]} notrack accept
    icmp type destination-unreachable goto of_session
    icmpv6 type packet-too-big goto of_session
    meta l4proto tcp reject with tcp reset
    drop
  }
  chain of_session {
    ct original zone set iifname map @zone_of_interface
    meta mark set 0
  }
  chain route { type filter hook prerouting priority mangle; policy accept;
    ct direction reply meta mark set ct mark map @vpc_of_endpoint accept
    ct state established,related,untracked accept
    iifname @vpc_of_interface goto decide
  }
  chain decide {
    ${neighbours} accept
    meta l4proto != tcp drop
    meta mark set iifname map @vpc_of_interface
    ${dropSpoofed}
    tcp flags & (fin | syn | rst | ack) != syn reject with tcp reset
    ct state != new drop
    ct mark set meta mark . ip daddr . tcp dport map @endpoint4
    ct mark set meta mark . ip6 daddr . tcp dport map @endpoint6
    ct mark vmap @gate
    ct mark @sourced meta nfproto ipv4 ct mark . ip saddr != @sources4 goto refuse_source_not_allowed
    ct mark @sourced meta nfproto ipv6 ct mark . ip6 saddr != @sources6 goto refuse_source_not_allowed
    ct mark @nodeless goto refuse_no_healthy_node
    meta mark @crowded goto refuse_connection_rate
    ct mark @connection_rate goto refuse_connection_rate
    ct mark @cap goto refuse_session_cap
    ct mark @credit goto refuse_session_cap
    ct mark @opened
    meta nfproto ipv4 ct timeout set "idle4"
    meta nfproto ipv6 ct timeout set "idle6"
    meta mark set 0
  }
  chain into { type filter hook input priority filter; policy accept;
    iifname @vpc_of_interface goto into_from_consumer
  }
  chain into_from_consumer {
    ${neighbours} accept
    ip6 daddr ${relayAddress} goto to_relay
    ${names.asked[0]} accept
    ${names.asked[1]} accept
    drop
  }`;

/**
 * From the decision to the node and back. A relay is a node that is this host: sessions of all networks come to it from
 * its own address, each from another port, and so its answers find back.
 */
const carrying = `
  chain choose { type nat hook prerouting priority dstnat; policy accept;
    iifname @vpc_of_interface goto choose_node
  }
  chain choose_node {
    meta priority set ct mark . tcp dport map @group_of_port
    meta l4proto tcp dnat ip to meta priority . numgen inc mod ${bucketsPerGroup} map @node4
    meta l4proto tcp dnat ip6 to meta priority . numgen inc mod ${bucketsPerGroup} map @node6
    meta mark set iifname map @vpc_of_interface goto ${refusalChain("no_healthy_node")}
  }
  chain pass { type filter hook forward priority filter; policy accept;
    iifname @vpc_of_interface goto to_node
    oifname @vpc_of_interface goto to_consumer
  }
  chain to_node {
    ct status & assured != assured jump opening_to_node
    ct direction != original drop
    ct mark @bandwidth drop
    ip daddr . tcp dport @into_node4
    ip6 daddr . tcp dport @into_node6
    ct mark @bytes_in accept
    drop
  }
  chain opening_to_node {
    oifname @vpc_of_interface drop
    ct status & dnat != dnat drop
    meta priority set 0
    ${clampSegments}
  }
  chain to_consumer {
    ct status & assured != assured jump opening_to_consumer
    ct direction != reply drop
    ct mark @bandwidth drop
    ip saddr . tcp sport @out_of_node4
    ip6 saddr . tcp sport @out_of_node6
    meta l4proto tcp ip ttl set 64 ct mark @bytes_out accept
    meta l4proto tcp ip6 hoplimit set 64 ct mark @bytes_out accept
    ct mark != @vpc_of_endpoint drop
    ip ttl set 64 icmp type destination-unreachable icmp code frag-needed accept
    ip6 hoplimit set 64 icmpv6 type packet-too-big accept
    drop
  }
  chain opening_to_consumer {
    ${clampSegments}
  }
  chain hide { type nat hook postrouting priority srcnat; policy accept;
    ct direction original ct mark @vpc_of_endpoint goto hide_consumer
  }
  chain hide_consumer {
    ip daddr . tcp dport @opened_node4
    ip6 daddr . tcp dport @opened_node6
    masquerade
  }
  chain to_relay {
    ct status & dnat != dnat drop
    ct direction != original drop
    ct mark @bandwidth drop
    ct mark @bytes_in accept
    drop
  }
  chain hide_from_relay { type nat hook input priority 100; policy accept;
    ip6 daddr ${relayAddress} ct direction original ct mark @vpc_of_endpoint snat ip6 to ${relayAddress}
  }
  chain own_route { type route hook output priority mangle; policy accept;
    ip6 saddr ${relayAddress} ct direction reply meta mark set ct mark map @vpc_of_endpoint
  }
  chain own_untracked { type filter hook output priority raw; policy accept;
    ${poke} notrack
    oifname @vpc_of_interface ${names.answered[0]} notrack
    oifname @vpc_of_interface ${names.answered[1]} notrack
  }
  chain own { type filter hook output priority filter; policy accept;
    ip6 saddr ${relayAddress} ct direction reply ct mark @vpc_of_endpoint goto to_consumer
    oifname @vpc_of_interface goto own_to_consumer
  }
  chain own_to_consumer {
    ${neighbours} accept
    ${poke} accept
    ${names.answered[0]} accept
    ${names.answered[1]} accept
    tcp flags & rst == rst accept
    drop
  }`;

/** A gateway answers for its endpoints and its name server only, and asks with an endpoint's address, never with one of its own. */
const addressResolution = `
  chain ask_for { type filter hook input priority filter; policy accept;
    iifname @vpc_of_interface goto asked
  }
  chain asked {
    meta mark set iifname map @vpc_of_interface
    arp operation request iifname . arp daddr ip != @announced drop
  }
  chain ask { type filter hook output priority filter; policy accept;
    arp operation request arp saddr ip set oifname map @sender_of_interface
  }`;

function refuse(reason: RefusalReason, place: number): string {
  return `
  chain ${refusalChain(reason)} {
    meta priority set ${place} jump note_source
    add @${refusalCounter(reason)} { ct mark } reject with tcp reset
    reject with tcp reset
  }
`;
}

/**
 * Who is refused. A set that is full ends the rule that would add to it: then the next one counts, and the counters of
 * endpoints do in any case. Only sources that are not known yet are counted as newcomers.
 */
const noting = `
  chain note_source {
    ct mark . meta priority . ip saddr @refused_source4 return
    ct mark . meta priority . ip6 saddr @refused_source6 return
    add @newcomers { ct mark } goto note_others
    add @refused_source4 { ct mark . meta priority . ip saddr } return
    add @refused_source6 { ct mark . meta priority . ip6 saddr } return
    goto note_others
  }
  chain note_others {
    add @refused_others { ct mark . meta priority }
  }
`;

function declarations(family: TableFamily): string {
  return setNames
    .filter((name) => sets[name].family === family)
    .map((name) => declaration(kernelName(name), sets[name]))
    .join("\n");
}

function declaration(name: string, { key, data, interval, state, size, isDynamic }: SetSchema): string {
  const fields = key.map((field) => typeOf[field]).join(" . ");
  const target = data === "verdict" ? data : data?.map((field) => typeOf[field]).join(" . ");
  const statements = [
    `typeof ${fields}${target === undefined ? "" : ` : ${target}`};`,
    ...(size === undefined ? [] : [`size ${size};`]),
    ...(interval ? ["flags interval;"] : isDynamic ? ["flags dynamic;"] : []),
    ...(state === undefined ? [] : [`${stateOf[state]};`]),
  ];
  return `  ${target === undefined ? "set" : "map"} ${name} { ${statements.join(" ")} }`;
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}
