import type { UserRole, UserView } from "@mailbrake/contract";
import { newId } from "../../platform/new-id.ts";
import type { StoreTransaction } from "../../platform/store.ts";

type Users = Pick<StoreTransaction, "user" | "account" | "session">;

/** A row of User; `role` is one of userRoles, which nothing else writes. */
export type UserRow = NonNullable<Awaited<ReturnType<Users["user"]["findUnique"]>>>;

const credentialProvider = "credential";

export function toUserView(row: UserRow): UserView {
  const { id, name, email, disabled, createdAt } = row;
  return { id, name, email, role: row.role as UserRole, disabled, createdAt: createdAt.toISOString() };
}

/** Makes the user with a password, in the form that better-auth reads; e-mail addresses are kept in lower case. */
export async function insertUser(
  store: Users,
  person: { name: string; email: string; role: UserRole; passwordHash: string },
): Promise<UserRow> {
  const id = newId();
  const { name, role, passwordHash } = person;
  const user = await store.user.create({ data: { id, name, email: person.email.toLowerCase(), role } });
  await store.account.create({
    data: { id: newId(), userId: id, accountId: id, providerId: credentialProvider, password: passwordHash },
  });
  return user;
}

export function findUserByEmail(store: Users, email: string): Promise<UserRow | null> {
  return store.user.findUnique({ where: { email: email.toLowerCase() } });
}

/** The hash of a user's password; null where there is none. */
export async function findPasswordHash(store: Users, userId: string): Promise<string | null> {
  const account = await store.account.findFirst({ where: { userId, providerId: credentialProvider } });
  return account?.password ?? null;
}

export async function updatePasswordHash(store: Users, userId: string, passwordHash: string): Promise<void> {
  await store.account.updateMany({
    where: { userId, providerId: credentialProvider },
    data: { password: passwordHash },
  });
}

/** Admins who can sign in, other than `userId`. */
export function countOtherAdmins(store: Users, userId: string): Promise<number> {
  return store.user.count({ where: { role: "admin", disabled: false, id: { not: userId } } });
}
