import { okSchema, setupRequestSchema } from "@mailbrake/contract";
import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { setupStatusQuery } from "../../api/queries.ts";
import { EntranceLayout } from "../../shell/EntranceLayout.tsx";
import { ErrorNotice, fieldError } from "../../ui/ErrorNotice.tsx";
import { firstIssues } from "../../ui/first-issues.ts";
import { Notice } from "../../ui/Notice.tsx";
import { signIn } from "./sign-in.ts";

/** The token stands behind the # so that it is in no server's or proxy's log. */
function tokenOfHash(): string {
  return new URLSearchParams(window.location.hash.slice(1)).get("token") ?? "";
}

export function SetupPage() {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const status = useQuery(setupStatusQuery);
  const [token] = useState(tokenOfHash);
  const [form, setForm] = useState({ name: "", email: "", password: "" });
  const [issues, setIssues] = useState<Record<string, string>>({});
  const setup = useMutation({
    mutationFn: async () => {
      await send("POST", "/api/setup", { token, ...form, email: form.email.trim() }, okSchema);
      await signIn(form.email.trim(), form.password);
    },
    onSuccess: () => {
      queryClient.clear();
      void navigate({ to: "/" });
    },
  });
  const errorAt = (field: keyof typeof form) => issues[field] ?? fieldError(setup.error, field);
  const change = (field: keyof typeof form) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setForm((before) => ({ ...before, [field]: value }));
  };

  if (token === "" || status.data?.needed === false) {
    return (
      <EntranceLayout title="First admin">
        <Notice tone="warn">
          <strong>{token === "" ? "This address lacks its token." : "Mailbrake has its first admin already."}</strong>
          <span>
            {token === ""
              ? "Open the whole one-time link from Mailbrake's console, with what stands behind the #."
              : "Sign in, or ask an admin for an account."}
          </span>
          <Link to="/sign-in">Go to sign in</Link>
        </Notice>
      </EntranceLayout>
    );
  }
  return (
    <EntranceLayout title="Make the first admin">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const found = firstIssues(setupRequestSchema, { token, ...form, email: form.email.trim() });
          setIssues(found);
          if (Object.keys(found).length === 0) setup.mutate();
        }}
      >
        <Stack gap="md">
          <p className="small dimmed" style={{ margin: 0 }}>
            Mailbrake never sends mail, so nobody can reset this password for you by mail. Keep it well.
          </p>
          <TextInput
            label="Name"
            description="Stands in the audit trail beside what you do."
            autoComplete="name"
            autoFocus
            value={form.name}
            error={errorAt("name")}
            onChange={change("name")}
          />
          <TextInput
            label="E-mail"
            description="Only to sign in with."
            type="email"
            autoComplete="username"
            value={form.email}
            error={errorAt("email")}
            onChange={change("email")}
          />
          <PasswordInput
            label="Password"
            description="At least 12 characters."
            autoComplete="new-password"
            value={form.password}
            error={errorAt("password")}
            onChange={change("password")}
          />
          {setup.isError && <ErrorNotice error={setup.error} />}
          <Button type="submit" size="md" loading={setup.isPending} fullWidth>
            Make the admin and sign in
          </Button>
        </Stack>
      </form>
    </EntranceLayout>
  );
}
