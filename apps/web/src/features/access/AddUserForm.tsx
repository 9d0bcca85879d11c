import { createUserRequestSchema, type UserRole, userRoles, userViewSchema } from "@mailbrake/contract";
import { Button, Group, NativeSelect, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { usersQuery } from "../../api/queries.ts";
import { ErrorNotice, fieldError } from "../../ui/ErrorNotice.tsx";
import { firstIssues } from "../../ui/first-issues.ts";
import panels from "../../ui/Panels.module.css";
import styles from "./AddUserForm.module.css";

interface NewUser {
  name: string;
  email: string;
  role: UserRole;
  password: string;
}

export function AddUserForm({ onDone }: { onDone: () => void }) {
  const queryClient = useQueryClient();
  const [form, setForm] = useState<NewUser>({ name: "", email: "", role: "operator", password: "" });
  const [issues, setIssues] = useState<Record<string, string>>({});
  const add = useMutation({
    mutationFn: () => send("POST", "/api/users", { ...form, email: form.email.trim() }, userViewSchema),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: usersQuery.queryKey });
      onDone();
    },
  });
  const field = (name: keyof NewUser) => ({
    value: form[name],
    error: issues[name] ?? fieldError(add.error, name),
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setForm((before) => ({ ...before, [name]: value }));
    },
  });
  return (
    <section className={panels.panel} aria-labelledby="add-user">
      <h2 id="add-user" className={panels.title}>
        Add a user
      </h2>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const found = firstIssues(createUserRequestSchema, { ...form, email: form.email.trim() });
          setIssues(found);
          if (Object.keys(found).length === 0) add.mutate();
        }}
      >
        <div className={styles.fields}>
          <TextInput label="Name" autoComplete="off" autoFocus {...field("name")} />
          <TextInput label="E-mail" type="email" autoComplete="off" {...field("email")} />
          <NativeSelect label="Role" data={[...userRoles]} {...field("role")} />
          <PasswordInput
            label="First password"
            description="At least 12 characters; tell it by another way than mail."
            autoComplete="new-password"
            {...field("password")}
          />
        </div>
        {add.isError && <ErrorNotice error={add.error} title="The user was not added" />}
        <Group gap="xs" mt="md">
          <Button type="submit" loading={add.isPending}>
            Add the user
          </Button>
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
        </Group>
      </form>
    </section>
  );
}
