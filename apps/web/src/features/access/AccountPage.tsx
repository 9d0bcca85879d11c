import { changePasswordRequestSchema, okSchema } from "@mailbrake/contract";
import { Button, PasswordInput, SegmentedControl, Stack, useMantineColorScheme } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { ErrorNotice, fieldError } from "../../ui/ErrorNotice.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { firstIssues } from "../../ui/first-issues.ts";
import { Notice } from "../../ui/Notice.tsx";
import panels from "../../ui/Panels.module.css";
import { signOut } from "./sign-in.ts";
import { useUser } from "./use-session.ts";

export function AccountPage() {
  const user = useUser();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const leaving = useMutation({
    mutationFn: signOut,
    onSuccess: async () => {
      await navigate({ to: "/sign-in" });
      queryClient.clear();
    },
  });
  return (
    <>
      <PageHeader
        title="Account"
        actions={
          <Button variant="default" loading={leaving.isPending} onClick={() => leaving.mutate()}>
            Sign out
          </Button>
        }
      />
      {leaving.isError && <ErrorNotice error={leaving.error} title="Not signed out" />}
      <Facts
        facts={[
          ["Name", user.name],
          ["E-mail", user.email],
          ["Role", user.role],
        ]}
      />
      <div className={panels.stack}>
        <ChangePassword />
        <ColorScheme />
      </div>
    </>
  );
}

const empty = { currentPassword: "", newPassword: "" };

function ChangePassword() {
  const [form, setForm] = useState(empty);
  const [issues, setIssues] = useState<Record<string, string>>({});
  const change = useMutation({
    mutationFn: () => send("POST", "/api/account/password", form, okSchema),
    onSuccess: () => setForm(empty),
  });
  const field = (name: keyof typeof empty) => ({
    value: form[name],
    error: issues[name] ?? fieldError(change.error, name),
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setForm((before) => ({ ...before, [name]: value }));
    },
  });
  return (
    <section className={panels.panel} aria-labelledby="change-password">
      <h2 id="change-password" className={panels.title}>
        Change password
      </h2>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const found = firstIssues(changePasswordRequestSchema, form);
          setIssues(found);
          if (Object.keys(found).length === 0) change.mutate();
        }}
      >
        <Stack gap="sm" maw={380}>
          <PasswordInput label="Present password" autoComplete="current-password" {...field("currentPassword")} />
          <PasswordInput
            label="New password"
            description="At least 12 characters."
            autoComplete="new-password"
            {...field("newPassword")}
          />
          {change.isError && <ErrorNotice error={change.error} title="The password was not changed" />}
          {change.isSuccess && (
            <div role="status">
              <Notice>The password is changed.</Notice>
            </div>
          )}
          <Button type="submit" variant="default" loading={change.isPending} style={{ alignSelf: "flex-start" }}>
            Change password
          </Button>
        </Stack>
      </form>
    </section>
  );
}

function ColorScheme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <section className={panels.panel} aria-labelledby="color-scheme">
      <h2 id="color-scheme" className={panels.title}>
        Light or dark
      </h2>
      <SegmentedControl
        aria-labelledby="color-scheme"
        value={colorScheme}
        onChange={(value) => setColorScheme(value as typeof colorScheme)}
        data={[
          { value: "auto", label: "As the system" },
          { value: "light", label: "Light" },
          { value: "dark", label: "Dark" },
        ]}
      />
    </section>
  );
}
