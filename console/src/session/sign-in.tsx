import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useState, type FormEvent } from "react";
import { ApiFailure } from "../api/failure.ts";
import type { AccessKey } from "../api/sign.ts";
import { TextField } from "../parts/text-field.tsx";
import { texts } from "../texts/en.ts";
import type { Password } from "./session-context.tsx";

interface SignInProps {
  readonly onPassword: (password: Password) => Promise<void>;
  readonly onKey: (key: AccessKey) => Promise<void>;
}

type Way = "password" | "key";

/** Browsers sign in secure contexts only: over TLS, or on this machine. */
const canSign = globalThis.isSecureContext;

/** The form that everybody sees who is not signed in. */
export function SignInPage({ onPassword, onKey }: SignInProps) {
  const [way, setWay] = useState<Way>("password");
  const [fields, setFields] = useState({ account: "", user: "", password: "", id: "", secret: "" });
  const [failure, setFailure] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const field = (name: keyof typeof fields, label: string, type: "text" | "password" = "text") => (
    <TextField
      label={label}
      name={name}
      type={type}
      value={fields[name]}
      autoComplete={type === "password" ? "current-password" : "username"}
      onChange={(value) => setFields((before) => ({ ...before, [name]: value }))}
    />
  );
  const submit = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      const { account, user, password, id, secret } = fields;
      await (way === "password" ? onPassword({ account, user, password }) : onKey({ id, secret }));
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      setFailure(error.message);
      setBusy(false);
    }
  };
  const t = texts.signIn;
  return (
    <main className="sign-in">
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Container header={<Header variant="h1">{t.title}</Header>}>
          <Form
            actions={
              <Button variant="primary" formAction="submit" loading={isBusy}>
                {t.submit}
              </Button>
            }
          >
            <Tabs
              activeTabId={way}
              onChange={({ detail }) => setWay(detail.activeTabId as Way)}
              tabs={[
                {
                  id: "password",
                  label: t.byPassword,
                  content: (
                    <SpaceBetween size="m">
                      {field("account", t.account)}
                      {field("user", t.user)}
                      {field("password", t.password, "password")}
                    </SpaceBetween>
                  ),
                },
                {
                  id: "key",
                  label: t.byKey,
                  content: (
                    <SpaceBetween size="m">
                      {canSign ? null : <Alert type="warning">{t.keyNeedsTls}</Alert>}
                      {field("id", t.accessKey)}
                      {field("secret", t.secretKey, "password")}
                      <Box color="text-body-secondary">{t.keyHint}</Box>
                    </SpaceBetween>
                  ),
                },
              ]}
            />
            <div aria-live="assertive">
              {failure === undefined ? null : (
                <Alert type="error" header={t.failed}>
                  {failure}
                </Alert>
              )}
            </div>
          </Form>
        </Container>
      </form>
    </main>
  );
}
