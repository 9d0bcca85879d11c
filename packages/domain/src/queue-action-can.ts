import type { QueueActionView } from "@mailbrake/contract";
import type { Permission } from "./brake-can.ts";

const yes: Permission = { allowed: true };
const no = (why: string): Permission => ({ allowed: false, why });

/** What may be done with a queue action now; the words are shown on the disabled button and in the API's refusal alike. */
export const queueActionCan = {
  stop(action: Pick<QueueActionView, "ended" | "jobs">): Permission {
    if (action.ended) return no("It has already ended.");
    if (action.jobs.every(({ stopping, endedAt }) => stopping || endedAt !== null))
      return no("Its stop has already been asked.");
    return yes;
  },
  /** What a delete removed can be put back once it has ended, where a host has a backup of it. */
  restore(action: Pick<QueueActionView, "action" | "ended" | "jobs">): Permission {
    if (action.action !== "delete") return no("Only a delete can be restored.");
    if (!action.ended) return no("It has not ended yet; stop it first, or wait.");
    if (action.jobs.every(({ backup }) => backup === ""))
      return no("It deleted nothing, so there is nothing to restore.");
    return yes;
  },
};
