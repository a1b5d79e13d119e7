import Checkbox from "@cloudscape-design/components/checkbox";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { useVpcs } from "../api/use-vpcs.ts";
import type { Endpoint, Subnet, Vpc } from "../api/generated.ts";
import { Copyable } from "../parts/copyable.tsx";
import { Failure } from "../parts/failure.tsx";
import { LinkButton } from "../parts/link-button.tsx";
import { Pool } from "../parts/pool.tsx";
import { TextField } from "../parts/text-field.tsx";
import { useSession } from "../session/session-context.tsx";
import { texts } from "../texts/en.ts";

const t = texts.createEndpoint;

interface Wish {
  readonly service: string;
  readonly vpc?: string;
  readonly subnet?: string;
  readonly ip: string;
  readonly dualStack: boolean;
  readonly privateName: boolean;
  readonly description: string;
}

/** Asks for an endpoint of a service; the service's name may be in the address: `?service=`. */
export function EndpointCreatePage() {
  const { api, own, info } = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [parameters] = useSearchParams();
  const vpcs = useVpcs();
  const [wasTried, setTried] = useState(false);
  const [wish, setWish] = useState<Wish>({
    service: parameters.get("service") ?? "",
    ip: "",
    dualStack: false,
    privateName: true,
    description: "",
  });
  const change = (part: Partial<Wish>): void => setWish((before) => ({ ...before, ...part }));
  const vpc = vpcs.data?.find(({ id }) => id === wish.vpc) ?? vpcs.data?.[0];
  const subnet = vpc?.subnets.find(({ id }) => id === wish.subnet) ?? vpc?.subnets[0];
  const creation = useMutation({
    mutationFn: async () => {
      const body = {
        service: wish.service.trim(),
        vpc_id: vpc?.id,
        subnet_id: subnet?.id,
        ...(wish.ip.trim() === "" ? {} : { ip: wish.ip.trim() }),
        dual_stack: wish.dualStack && subnet?.cidr6 !== undefined,
        enable_dns: wish.privateName,
        description: wish.description,
      };
      return (await api.request<Endpoint>("POST", `${own}/endpoints`, { body })).body;
    },
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ["endpoints"] });
      await queries.invalidateQueries({ queryKey: ["networks"] });
      await navigate(`/endpoints/${id}`);
    },
  });
  if (vpcs.error && !vpcs.data) return <Failure error={vpcs.error} onRetry={() => void vpcs.refetch()} />;
  return (
    <ContentLayout header={<Header variant="h1">{t.title}</Header>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (wish.service.trim() !== "") creation.mutate();
        }}
      >
        <Form
          errorText={creation.error ? `${t.failed}: ${creation.error.message}` : undefined}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <LinkButton to="/endpoints" variant="link">
                {t.cancel}
              </LinkButton>
              <Button variant="primary" formAction="submit" loading={creation.isPending}>
                {t.submit}
              </Button>
            </SpaceBetween>
          }
        >
          <Container>
            <SpaceBetween size="l">
              <TextField
                label={t.service}
                hint={t.serviceHint}
                errorText={wasTried && wish.service.trim() === "" ? t.serviceMissing : undefined}
                value={wish.service}
                ariaRequired
                onChange={(value) => change({ service: value })}
              />
              <FormField label={t.account} description={t.accountHint}>
                <Copyable text={info.account.id} what={t.account} />
              </FormField>
              <NetworkFields
                vpcs={vpcs.data ?? []}
                isLoading={vpcs.isPending}
                vpc={vpc}
                subnet={subnet}
                change={change}
              />
              <EndpointFields wish={wish} subnet={subnet} change={change} />
            </SpaceBetween>
          </Container>
        </Form>
      </form>
    </ContentLayout>
  );
}

const optionOf = ({ id, name, cidr }: Vpc | Subnet) => ({
  value: id,
  label: name,
  description: cidr,
});

interface NetworkFieldsProps {
  readonly vpcs: readonly Vpc[];
  readonly isLoading: boolean;
  readonly vpc: Vpc | undefined;
  readonly subnet: Subnet | undefined;
  readonly change: (part: Partial<Wish>) => void;
}

function NetworkFields({ vpcs, isLoading, vpc, subnet, change }: NetworkFieldsProps) {
  const pooled = (each: Subnet) => ({
    ...optionOf(each),
    tags: [texts.networks.free(each.addresses_free)],
  });
  return (
    <SpaceBetween size="l">
      <FormField label={t.network} errorText={!isLoading && vpcs.length === 0 ? t.noNetworks : undefined}>
        <Select
          selectedOption={vpc ? optionOf(vpc) : null}
          options={vpcs.map(optionOf)}
          statusType={isLoading ? "loading" : "finished"}
          loadingText={texts.loading}
          onChange={({ detail: { selectedOption } }) => {
            if (selectedOption.value !== undefined) change({ vpc: selectedOption.value });
          }}
        />
      </FormField>
      <FormField label={t.subnet}>
        <Select
          selectedOption={subnet ? optionOf(subnet) : null}
          options={vpc?.subnets.map(pooled) ?? []}
          onChange={({ detail: { selectedOption } }) => {
            if (selectedOption.value !== undefined) change({ subnet: selectedOption.value });
          }}
        />
      </FormField>
      {subnet ? <Pool subnet={subnet} /> : null}
    </SpaceBetween>
  );
}

interface EndpointFieldsProps {
  readonly wish: Wish;
  readonly subnet: Subnet | undefined;
  readonly change: (part: Partial<Wish>) => void;
}

function EndpointFields({ wish, subnet, change }: EndpointFieldsProps) {
  const hasIpv6 = subnet?.cidr6 !== undefined;
  return (
    <SpaceBetween size="l">
      <TextField
        label={t.address}
        hint={t.addressHint}
        value={wish.ip}
        onChange={(value) => change({ ip: value })}
      />
      <Checkbox
        checked={wish.dualStack && hasIpv6}
        disabled={!hasIpv6}
        description={hasIpv6 ? t.dualStackHint : t.noIpv6}
        onChange={({ detail }) => change({ dualStack: detail.checked })}
      >
        {t.dualStack}
      </Checkbox>
      <Checkbox
        checked={wish.privateName}
        description={t.privateNameHint}
        onChange={({ detail }) => change({ privateName: detail.checked })}
      >
        {t.privateName}
      </Checkbox>
      <TextField
        label={t.description}
        value={wish.description}
        onChange={(value) => change({ description: value })}
      />
    </SpaceBetween>
  );
}
