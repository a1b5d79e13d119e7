import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import type { Cluster } from "../api/generated.ts";
import { Failure } from "../parts/failure.tsx";
import { useSession } from "../session/session-context.tsx";
import { texts } from "../texts/en.ts";

const t = texts.register;
const nothing = { name: "", nodes: "", username: "", password: "", ca: "" };

/** Registers a cluster: first its nodes are asked, then it is saved. */
export function RegisterClusterPage() {
  const { api, own } = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [fields, setFields] = useState(nothing);
  const post = (headers: Record<string, string>) =>
    api.request<Cluster>("POST", `${own}/clusters`, { body: bodyOf(fields), headers });
  const probe = useMutation({ mutationFn: () => post({ "x-postern-dry-run": "true" }) });
  const save = useMutation({
    mutationFn: () => post({}),
    onSuccess: async ({ body }) => {
      await queries.invalidateQueries({ queryKey: ["clusters"] });
      await navigate(`/clusters/${body.id}`);
    },
  });
  const isProbed = probe.isSuccess;
  const change = (more: Partial<typeof nothing>): void => {
    setFields({ ...fields, ...more });
    // What was asked before says nothing of what is there now.
    probe.reset();
    save.reset();
  };
  const isComplete = fields.name !== "" && fields.nodes.trim() !== "";
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isComplete) (isProbed ? save : probe).mutate();
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
              {isProbed ? t.save : t.probe}
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="m">
          <Container>
            <SpaceBetween size="m">
              <FormField label={t.name} description={t.nameHint}>
                <Input value={fields.name} onChange={({ detail }) => change({ name: detail.value })} />
              </FormField>
              <FormField label={t.nodes} description={t.nodesHint}>
                <Textarea
                  value={fields.nodes}
                  placeholder={"https://10.0.0.5:9200\nhttps://10.0.0.6:9200"}
                  onChange={({ detail }) => change({ nodes: detail.value })}
                />
              </FormField>
              <FormField label={t.username}>
                <Input
                  value={fields.username}
                  autoComplete="off"
                  onChange={({ detail }) => change({ username: detail.value })}
                />
              </FormField>
              <FormField label={t.password} description={t.passwordHint}>
                <Input
                  type="password"
                  value={fields.password}
                  autoComplete="new-password"
                  onChange={({ detail }) => change({ password: detail.value })}
                />
              </FormField>
              <FormField label={t.ca} description={t.caHint}>
                <Textarea value={fields.ca} onChange={({ detail }) => change({ ca: detail.value })} />
              </FormField>
            </SpaceBetween>
          </Container>
          <output>{isProbed ? <Alert type="success">{t.probed}</Alert> : null}</output>
          {(probe.error ?? save.error) ? (
            <Failure title={t.failed} error={probe.error ?? save.error} />
          ) : null}
        </SpaceBetween>
      </Form>
    </form>
  );
}

function bodyOf({ name, nodes, username, password, ca }: typeof nothing): object {
  return {
    name,
    nodes: nodes.split(/[\s,]+/).filter((url) => url !== ""),
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    ...(ca.trim() === "" ? {} : { ca }),
  };
}
