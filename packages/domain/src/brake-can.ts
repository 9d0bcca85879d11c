import type { ApplicationView, BrakeView } from "@mailbrake/contract";

/** Whether something may be done now; `why` is shown on the disabled button and in the API's refusal alike. */
export type Permission = { allowed: true } | { allowed: false; why: string };

const yes: Permission = { allowed: true };
const no = (why: string): Permission => ({ allowed: false, why });

export const applicationCan = {
  /** A lift may be asked as long as the host could still have it. */
  lift(application: Pick<ApplicationView, "wanted" | "endedAt">): Permission {
    if (application.endedAt !== null) return no("It has already ended here.");
    if (application.wanted === "lifted") return no("Its lift has already been asked.");
    return yes;
  },
  /** Only what the host refused is retried by a person; everything else is retried by itself. */
  retry(application: Pick<ApplicationView, "state" | "endedAt">): Permission {
    if (application.endedAt !== null) return no("It has already ended here.");
    if (application.state !== "refused") return no("Only an order that the host refused can be retried.");
    return yes;
  },
};

export const brakeCan = {
  lift(brake: Pick<BrakeView, "wanted" | "ended">): Permission {
    if (brake.ended) return no("This brake has already ended.");
    if (brake.wanted === "lifted") return no("The lift of this brake has already been asked.");
    return yes;
  },
  /** @param now epoch milliseconds; default the clock */
  extend(brake: Pick<BrakeView, "wanted" | "ended" | "origin" | "expiresAt">, now = Date.now()): Permission {
    if (brake.ended) return no("This brake has already ended; make a new one.");
    if (brake.wanted === "lifted") return no("The lift of this brake has been asked; make a new one.");
    if (brake.origin === "local")
      return no("This brake was made on the host by hand; extend it there, or make a new one.");
    if (brake.expiresAt !== null && Date.parse(brake.expiresAt) <= now)
      return no("This brake's time has run out; make a new one.");
    return yes;
  },
};
