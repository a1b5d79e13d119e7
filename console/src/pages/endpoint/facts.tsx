import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { Link } from "react-router";
import { useVpcs } from "../../api/use-vpcs.ts";
import type { Endpoint } from "../../api/generated.ts";
import { Copyable } from "../../parts/copyable.tsx";
import { formatBytes, formatTime } from "../../parts/format.ts";
import { texts } from "../../texts/en.ts";

const t = texts.endpoint;

/** Where it is reached, of what it is, and what it has carried. */
export function EndpointFacts({ endpoint }: { readonly endpoint: Endpoint }) {
  const { ip, ip6, port, dns_name: privateName } = endpoint;
  const vpc = useVpcs().data?.find(({ id }) => id === endpoint.vpc_id);
  const subnet = vpc?.subnets.find(({ id }) => id === endpoint.subnet_id);
  const hosts = [privateName, ip, ip6 === undefined ? undefined : `[${ip6}]`].filter(
    (host) => host !== undefined,
  );
  return (
    <Container header={<Header variant="h2">{t.reach}</Header>}>
      <SpaceBetween size="l">
        <KeyValuePairs
          columns={3}
          items={[
            { label: t.ipv4, value: <Copyable text={ip} what={t.ipv4} /> },
            ...(ip6 === undefined ? [] : [{ label: t.ipv6, value: <Copyable text={ip6} what={t.ipv6} /> }]),
            {
              label: t.privateName,
              value:
                privateName === undefined ? (
                  t.noPrivateName
                ) : (
                  <Copyable text={privateName} what={t.privateName} />
                ),
            },
            { label: t.ports, value: endpoint.ports.join(", ") },
            {
              label: texts.endpoints.service,
              value: <Copyable text={endpoint.service_name} what={texts.endpoints.service} />,
            },
            {
              label: texts.endpoints.network,
              value: <Link to={`/networks/${endpoint.vpc_id}`}>{vpc?.name ?? endpoint.vpc_id}</Link>,
            },
            { label: texts.endpoints.subnet, value: subnet?.name ?? endpoint.subnet_id },
            {
              label: texts.endpoints.sessions,
              value: texts.endpoints.sessionsOf(endpoint.sessions, endpoint.max_session),
            },
            { label: t.newSessions, value: endpoint.new_sessions.toLocaleString("en") },
            {
              label: t.traffic,
              value: `${formatBytes(endpoint.bytes_in)}, ${formatBytes(endpoint.bytes_out)}`,
            },
            { label: texts.endpoints.created, value: formatTime(endpoint.created_at) },
          ]}
        />
        <div>
          <Box variant="awsui-key-label">{t.curl}</Box>
          {hosts.map((host) => (
            <div key={host}>
              <Copyable text={`curl 'http://${host}:${port}/'`} what={t.curl} />
            </div>
          ))}
          <Box color="text-body-secondary" fontSize="body-s">
            {t.curlHint}
          </Box>
        </div>
      </SpaceBetween>
    </Container>
  );
}
