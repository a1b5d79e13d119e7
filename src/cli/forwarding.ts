/** The name server that a resolver is to ask about a zone. */
export interface Forwarding {
  readonly zone: string;
  readonly address: string;
  readonly port: number;
}

const standardPort = 53;

/** What resolvers take to forward a zone, by the resolver's name. */
export const forwardingSnippets = {
  "systemd-resolved": (forwarding) => `# /etc/systemd/resolved.conf.d/postern.conf
[Resolve]
DNS=${withPort(forwarding, ":")}
Domains=~${forwarding.zone}
DNSSEC=allow-downgrade`,

  coredns: (forwarding) => `${forwarding.zone}:53 {
    forward . ${withPort(forwarding, ":")}
    cache 5
}`,

  dnsmasq: (forwarding) => `server=/${forwarding.zone}/${withPort(forwarding, "#")}
rebind-domain-ok=/${forwarding.zone}/`,

  unbound: (forwarding) => `server:
    domain-insecure: "${forwarding.zone}"
    local-zone: "${forwarding.zone}." transparent
    private-domain: "${forwarding.zone}"${isLoopback(forwarding) ? "\n    do-not-query-localhost: no" : ""}
stub-zone:
    name: "${forwarding.zone}"
    stub-addr: ${withPort(forwarding, "@")}`,

  bind: ({ zone, address, port }) => `zone "${zone}" {
    type ${port === standardPort ? "static-stub" : "forward"};
    ${port === standardPort ? `server-addresses { ${address}; };` : `forward only;\n    forwarders { ${address} port ${port}; };`}
};`,
} satisfies Record<string, (forwarding: Forwarding) => string>;

export type ResolverName = keyof typeof forwardingSnippets;

export const resolverNames = Object.keys(forwardingSnippets) as readonly ResolverName[];

function withPort({ address, port }: Forwarding, separator: string): string {
  return port === standardPort ? address : `${address}${separator}${port}`;
}

function isLoopback({ address }: Forwarding): boolean {
  return address.startsWith("127.");
}
