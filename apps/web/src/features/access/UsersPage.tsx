import { type UserRole, type UserView, userRoles, userViewSchema } from "@mailbrake/contract";
import { Button, NativeSelect } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { usersQuery } from "../../api/queries.ts";
import { PageHeader } from "../../shell/PageHeader.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { ErrorNotice } from "../../ui/ErrorNotice.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Moment } from "../../ui/Moment.tsx";
import { Notice } from "../../ui/Notice.tsx";
import panels from "../../ui/Panels.module.css";
import { AddUserForm } from "./AddUserForm.tsx";
import { useUser, useWhyNotRole } from "./use-session.ts";

export function UsersPage() {
  const whyNotRole = useWhyNotRole("admin");
  const [adding, setAdding] = useState(false);
  if (whyNotRole !== null) {
    return (
      <>
        <PageHeader title="Users" />
        <Notice>{whyNotRole}</Notice>
      </>
    );
  }
  return (
    <>
      <PageHeader
        title="Users"
        below="Viewers look, operators brake and lift, admins also manage hosts and users."
        actions={!adding && <Button onClick={() => setAdding(true)}>Add a user</Button>}
      />
      {adding && <AddUserForm onDone={() => setAdding(false)} />}
      <UserList />
    </>
  );
}

function UserList() {
  const users = useQuery(usersQuery);
  return (
    <Loaded query={users} what="Users">
      {({ users: found }) => (
        <div className={`${panels.panel} ${panels.rows}`} style={{ marginTop: 12 }}>
          {found.map((user) => (
            <UserRow key={user.id} user={user} />
          ))}
        </div>
      )}
    </Loaded>
  );
}

function UserRow({ user }: { user: UserView }) {
  const me = useUser();
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState(false);
  const isMe = me.id === user.id;
  const change = (part: { role?: UserRole; disabled?: boolean }) =>
    send("PATCH", `/api/users/${user.id}`, part, userViewSchema).then(() =>
      queryClient.invalidateQueries({ queryKey: usersQuery.queryKey }),
    );
  const changeRole = useMutation({ mutationFn: (role: UserRole) => change({ role }) });
  return (
    <div className={panels.row}>
      <div className={panels.grow}>
        <strong>{user.name}</strong> {isMe && <span className="dimmed small">(you)</span>}
        <div className="small dimmed">
          {user.email} · since <Moment at={user.createdAt} />
          {user.disabled && " · disabled, can't sign in"}
        </div>
        {changeRole.isError && <ErrorNotice error={changeRole.error} title="The role was not changed" />}
      </div>
      <div className={panels.actions}>
        <NativeSelect
          aria-label={`Role of ${user.name}`}
          value={user.role}
          disabled={isMe || changeRole.isPending}
          title={isMe ? "Another admin changes your role." : undefined}
          data={[...userRoles]}
          onChange={(event) => changeRole.mutate(event.currentTarget.value as UserRole)}
        />
        <Button
          variant="default"
          disabled={isMe}
          title={isMe ? "Another admin disables you." : undefined}
          onClick={() => setAsking(true)}
        >
          {user.disabled ? "Enable" : "Disable"}
        </Button>
      </div>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={user.disabled ? `Enable ${user.name}?` : `Disable ${user.name}?`}
        confirmLabel={user.disabled ? "Enable the user" : "Disable the user"}
        onConfirm={() => change({ disabled: !user.disabled })}
      >
        {user.disabled
          ? `${user.name} can sign in again, as ${user.role}.`
          : `${user.name} is signed out everywhere and can't sign in. Brakes made by ${user.name} stay.`}
      </ConfirmDialog>
    </div>
  );
}
