import type { Clock } from "../../platform/clock.ts";
import { createOneTimeToken } from "../../platform/one-time-token.ts";
import type { Transactor } from "../../platform/store.ts";

const setupHours = 24;

export interface SetupLink {
  url: string;
  expiresAt: Date;
}

/** Makes the link by which the first admin is made, in place of any earlier one. @returns null where there is a user already */
export function makeSetupLink(options: {
  transactor: Transactor;
  clock: Clock;
  url: string;
}): Promise<SetupLink | null> {
  return options.transactor.inTransaction(async ({ transaction }) => {
    if ((await transaction.user.count()) > 0) return null;
    await transaction.oneTimeToken.deleteMany({ where: { purpose: "setup" } });
    const expiresAt = new Date(options.clock().getTime() + setupHours * 3_600_000);
    const { token } = await createOneTimeToken(transaction, { purpose: "setup", expiresAt });
    // Behind the #, so that the token reaches no log of a proxy.
    return { url: `${options.url}/setup#token=${token}`, expiresAt };
  });
}
