import { randomBytes } from "node:crypto";
import { MailbrakeError } from "@mailbrake/contract";
import type { AuditLog } from "../../platform/audit-log.ts";
import type { Transactor } from "../../platform/store.ts";
import { accessEvents } from "./access-events.ts";
import { findUserByEmail, updatePasswordHash } from "./access-store.ts";
import { hashPassword } from "./password-hash.ts";

/**
 * For whoever has the machine: gives a user a new password, lets the user sign in again, and ends all of the user's sessions. No mail is involved.
 * @returns the new password, which is kept nowhere
 * @throws MailbrakeError not-found
 */
export async function resetPassword(
  dependencies: { transactor: Transactor; audit: AuditLog },
  email: string,
): Promise<string> {
  const password = randomBytes(12).toString("base64url");
  const passwordHash = await hashPassword(password);
  await dependencies.transactor.inTransaction(async (scope) => {
    const user = await findUserByEmail(scope.transaction, email);
    if (!user) throw new MailbrakeError("not-found", { detail: `There is no user with the address ${email}.` });
    await updatePasswordHash(scope.transaction, user.id, passwordHash);
    await scope.transaction.user.update({ where: { id: user.id }, data: { disabled: false } });
    await scope.transaction.session.deleteMany({ where: { userId: user.id } });
    await dependencies.audit.append(scope, accessEvents.passwordReset(user));
  });
  return password;
}
