import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { setupStatusQuery } from "../../api/queries.ts";
import { EntranceLayout } from "../../shell/EntranceLayout.tsx";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { signIn } from "./sign-in.ts";

const route = getRouteApi("/sign-in");

export function SignInPage() {
  const { next } = route.useSearch();
  const router = useRouter();
  const queryClient = useQueryClient();
  const setup = useQuery(setupStatusQuery);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [missing, setMissing] = useState(false);
  const signing = useMutation({
    mutationFn: () => signIn(email.trim(), password),
    onSuccess: () => {
      queryClient.clear();
      router.history.push(next ?? "/");
    },
  });

  return (
    <EntranceLayout title="Sign in">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const incomplete = email.trim() === "" || password === "";
          setMissing(incomplete);
          if (!incomplete) signing.mutate();
        }}
      >
        <Stack gap="md">
          {setup.data?.needed === true && (
            <Notice>
              <strong>There is no admin yet.</strong>
              <span>Open the one-time link that Mailbrake printed on its console when it started.</span>
            </Notice>
          )}
          <TextInput
            label="E-mail"
            type="email"
            name="email"
            autoComplete="username"
            autoFocus
            size="md"
            value={email}
            error={missing && email.trim() === "" ? "Your e-mail address is missing." : undefined}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            name="password"
            autoComplete="current-password"
            size="md"
            value={password}
            error={missing && password === "" ? "Your password is missing." : undefined}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {signing.isError && <ErrorNotice error={signing.error} />}
          <Button type="submit" size="md" loading={signing.isPending} fullWidth>
            Sign in
          </Button>
        </Stack>
      </form>
    </EntranceLayout>
  );
}
