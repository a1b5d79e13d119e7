import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import type { Cluster, ProbeClusterAnswer } from "../../api/generated.ts";
import { Failure } from "../../parts/failure.tsx";
import { useSession } from "../../session/session-context.tsx";
import { texts } from "../../texts/en.ts";
import { ClusterFields, nothing, type Fields } from "./cluster-fields.tsx";
import { ProbeResults } from "./probe-results.tsx";

const t = texts.register;

/** Registers a cluster: first its nodes are asked, then it is saved. What was typed stays whatever comes of that. */
export function RegisterClusterPage() {
  const { api, own } = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [fields, setFields] = useState(nothing);
  const probe = useMutation({
    mutationFn: async (asked: Fields) => {
      const options = { body: accessOf(asked) };
      return (await api.request<ProbeClusterAnswer>("POST", `${own}/clusters/probe`, options)).body.nodes;
    },
  });
  const save = useMutation({
    mutationFn: (isAnswered: boolean) => {
      const { name, port } = fields;
      const body = {
        ...accessOf(fields),
        name,
        ...(port === "" ? {} : { client_port: Number(port) }),
        ...(isAnswered ? {} : { probe: false }),
      };
      return api.request<Cluster>("POST", `${own}/clusters`, { body });
    },
    onSuccess: async ({ body }) => {
      await queries.invalidateQueries({ queryKey: ["clusters"] });
      await navigate(`/clusters/${body.id}`);
    },
  });
  const isCurrent = probe.isSuccess && probe.variables === fields;
  const isAnswered = probe.data?.some(({ answered }) => answered) === true;
  const isComplete = fields.name !== "" && fields.nodes.trim() !== "";
  const error = save.error ?? probe.error;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isComplete || probe.isPending || save.isPending) return;
        if (isCurrent) save.mutate(isAnswered);
        else probe.mutate(fields);
      }}
    >
      <Form
        header={<Header variant="h1">{t.title}</Header>}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button formAction="none" variant="link" onClick={() => void navigate("/clusters")}>
              {texts.change.cancel}
            </Button>
            <Button variant="primary" disabled={!isComplete} loading={probe.isPending || save.isPending}>
              {isCurrent ? (isAnswered ? t.save : t.saveAllTheSame) : t.probe}
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="m">
          <Container>
            <ClusterFields
              fields={fields}
              onChange={(more) => {
                setFields({ ...fields, ...more });
                save.reset();
              }}
            />
          </Container>
          {probe.data ? (
            <ProbeResults
              nodes={probe.data}
              hasUser={probe.variables?.username !== ""}
              isCurrent={isCurrent}
            />
          ) : null}
          {error ? <Failure title={save.error ? t.failed : t.notAsked} error={error} /> : null}
        </SpaceBetween>
      </Form>
    </form>
  );
}

function accessOf({ nodes, username, password, ca }: Fields): object {
  return {
    nodes: nodes.split(/[\s,]+/).filter((url) => url !== ""),
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    ...(ca.trim() === "" ? {} : { ca }),
  };
}
