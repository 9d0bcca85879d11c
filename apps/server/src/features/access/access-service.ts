/**
 * Purpose: who may come in, and with which role.
 * Guarantees: each change and each refusal is an audit event, in the transaction of the change. A session that could not be recorded is not given out.
 *   There is always an admin who can sign in. A disabled user's sessions end in the transaction that disables.
 * If killed: a session may exist whose cookie nobody has; it runs out.
 */
import { type Actor, limits, MailbrakeError, type UserRole, type UserView } from "@mailbrake/contract";
import type { AuditLog } from "../../platform/audit-log.ts";
import type { Clock } from "../../platform/clock.ts";
import type { LiveConnections } from "../../platform/live-connections.ts";
import { spendOneTimeToken } from "../../platform/one-time-token.ts";
import type { SignedIn } from "../../platform/route-access.ts";
import type { Store, Transactor } from "../../platform/store.ts";
import { accessEvents } from "./access-events.ts";
import {
  countOtherAdmins,
  findPasswordHash,
  findUserByEmail,
  insertUser,
  toUserView,
  updatePasswordHash,
} from "./access-store.ts";
import { hashPassword, passwordFits } from "./password-hash.ts";
import type { ClientHeaders, Sessions } from "./sessions.ts";

export interface NewPerson {
  name: string;
  email: string;
  password: string;
}

export type AccessService = ReturnType<typeof createAccessService>;

export function createAccessService(dependencies: {
  store: Store;
  transactor: Transactor;
  audit: AuditLog;
  clock: Clock;
  sessions: Sessions;
  connections: Pick<LiveConnections, "closeUser" | "closeSession">;
}) {
  const { store, transactor, audit, clock, sessions, connections } = dependencies;

  async function setupNeeded(): Promise<boolean> {
    return (await store.user.count()) === 0;
  }

  /** @throws MailbrakeError token-spent, conflict when there is a user already */
  async function setUp(token: string, person: NewPerson): Promise<void> {
    const passwordHash = await hashPassword(person.password);
    await transactor.inTransaction(async (scope) => {
      if ((await scope.transaction.user.count()) > 0)
        throw new MailbrakeError("conflict", { detail: "Mailbrake has been set up already; sign in instead." });
      await spendOneTimeToken(scope.transaction, { purpose: "setup", token, now: clock() });
      const admin = await insertUser(scope.transaction, { ...person, role: "admin", passwordHash });
      await audit.append(scope, accessEvents.setUp(admin));
    });
  }

  /** @throws MailbrakeError wrong-credentials, the same for every reason */
  async function signIn(
    email: string,
    password: string,
    client: ClientHeaders,
  ): Promise<{ user: UserView; cookies: string[] }> {
    const session = await sessions.signIn(email, password, client);
    const user = session
      ? await store.user.findUnique({ where: { id: session.userId } })
      : await findUserByEmail(store, email);
    const granted = session !== null && user !== null;
    await transactor.inTransaction((scope) =>
      audit.append(
        scope,
        granted ? accessEvents.signedIn(user, client.address) : accessEvents.signInFailed(email, user, client.address),
      ),
    );
    if (!granted) throw new MailbrakeError("wrong-credentials");
    return { user: toUserView(user), cookies: session.cookies };
  }

  /** Ends the session of the cookie, where there is one. @returns Set-Cookie values */
  async function signOut(client: ClientHeaders): Promise<string[]> {
    const signedIn = await sessions.find(client);
    if (signedIn) {
      const { id, name } = signedIn.user;
      await transactor.inTransaction(async (scope) => {
        await scope.transaction.session.deleteMany({ where: { id: signedIn.sessionId } });
        await audit.append(scope, accessEvents.signedOut({ kind: "user", id, name }));
      });
      connections.closeSession(signedIn.sessionId);
    }
    return sessions.signOut(client);
  }

  /** Ends all other sessions of the user. @throws MailbrakeError wrong-credentials naming the field */
  async function changePassword(signedIn: SignedIn, actor: Actor, current: string, next: string): Promise<void> {
    const known = await findPasswordHash(store, signedIn.user.id);
    if (known === null || !(await passwordFits(known, current))) {
      await transactor.inTransaction((scope) => audit.append(scope, accessEvents.passwordChangeRefused(actor)));
      throw new MailbrakeError("bad-input", { field: "currentPassword", detail: "The current password is wrong." });
    }
    const passwordHash = await hashPassword(next);
    await transactor.inTransaction(async (scope) => {
      await updatePasswordHash(scope.transaction, signedIn.user.id, passwordHash);
      await scope.transaction.session.deleteMany({
        where: { userId: signedIn.user.id, id: { not: signedIn.sessionId } },
      });
      await audit.append(scope, accessEvents.passwordChanged(actor));
    });
    connections.closeUser(signedIn.user.id);
  }

  async function listUsers(): Promise<UserView[]> {
    const rows = await store.user.findMany({ orderBy: [{ createdAt: "asc" }, { id: "asc" }], take: limits.pageSize });
    return rows.map(toUserView);
  }

  /** @throws MailbrakeError conflict naming the field */
  async function createUser(actor: Actor, person: NewPerson & { role: UserRole }): Promise<UserView> {
    const passwordHash = await hashPassword(person.password);
    return transactor.inTransaction(async (scope) => {
      if (await findUserByEmail(scope.transaction, person.email))
        throw new MailbrakeError("conflict", { field: "email", detail: "There is a user with this address already." });
      if ((await scope.transaction.user.count()) >= limits.pageSize)
        throw new MailbrakeError("conflict", { detail: `There can be at most ${limits.pageSize} users.` });
      const user = await insertUser(scope.transaction, { ...person, passwordHash });
      await audit.append(scope, accessEvents.userMade(actor, user, person.role));
      return toUserView(user);
    });
  }

  /** @throws MailbrakeError not-found, conflict where nobody could administer any more */
  async function updateUser(
    actor: Actor,
    userId: string,
    change: { role?: UserRole | undefined; disabled?: boolean | undefined },
  ): Promise<UserView> {
    const outcome = await transactor.inTransaction(async (scope) => {
      const { transaction } = scope;
      const before = await transaction.user.findUnique({ where: { id: userId } });
      if (!before) throw new MailbrakeError("not-found");
      const role = change.role ?? (before.role as UserRole);
      const disabled = change.disabled ?? before.disabled;
      const losesAdmin = before.role === "admin" && !before.disabled && (role !== "admin" || disabled);
      if (losesAdmin && (await countOtherAdmins(transaction, userId)) === 0) {
        const why = "This is the last admin who can sign in; make another one first.";
        await audit.append(scope, accessEvents.userChangeRefused(actor, before, why));
        return { refused: why };
      }
      const after = await transaction.user.update({ where: { id: userId }, data: { role, disabled } });
      if (disabled) await transaction.session.deleteMany({ where: { userId } });
      await audit.append(scope, accessEvents.userChanged(actor, after, { role, disabled }));
      return { user: toUserView(after) };
    });
    if (outcome.user === undefined) throw new MailbrakeError("conflict", { detail: outcome.refused });
    connections.closeUser(userId);
    return outcome.user;
  }

  /** @throws MailbrakeError not-found */
  async function readUser(userId: string): Promise<UserView> {
    const row = await store.user.findUnique({ where: { id: userId } });
    if (!row) throw new MailbrakeError("not-found");
    return toUserView(row);
  }

  /** Records that a role did not suffice. */
  async function recordRefused(signedIn: SignedIn, method: string, route: string, needed: UserRole): Promise<void> {
    const entry = accessEvents.refused(signedIn.user, method, route, needed, signedIn.user.role);
    await transactor.inTransaction((scope) => audit.append(scope, entry));
  }

  return {
    setupNeeded,
    setUp,
    signIn,
    signOut,
    changePassword,
    listUsers,
    createUser,
    updateUser,
    readUser,
    recordRefused,
  };
}
