import type { Effect } from "@mailbrake/contract";

interface EffectWords {
  name: string;
  /** What happens to a message, in one line. */
  meaning: string;
  /** What becomes of mail; said beside the meaning, never by colour alone. */
  risk: string;
  loses: boolean;
}

/** The driver's plan has the last word on loss; this is what is said before one is asked for. */
export const effectWords: Record<Effect, EffectWords> = {
  tempfail: {
    name: "Tempfail",
    meaning: "Answer 4xx: senders keep their mail and try again later.",
    risk: "No mail is lost.",
    loses: false,
  },
  reject: {
    name: "Reject",
    meaning: "Answer 5xx: senders get a bounce at once and don't try again.",
    risk: "No mail vanishes, but senders must send again.",
    loses: false,
  },
  discard: {
    name: "Discard",
    meaning: "Answer 250 and throw away: nobody is told.",
    risk: "Mail is lost for good.",
    loses: true,
  },
  hold: {
    name: "Hold",
    meaning: "Answer 250 and park: delivered after the lift.",
    risk: "No mail is lost; the queue grows here.",
    loses: false,
  },
  throttle: {
    name: "Throttle",
    meaning: "Let through at most so much a minute; the rest tries again later.",
    risk: "No mail is lost.",
    loses: false,
  },
  close: {
    name: "Close",
    meaning: "The listener takes no connection; senders try elsewhere or later.",
    risk: "No mail is lost; load may move to other doors.",
    loses: false,
  },
  pause: {
    name: "Pause",
    meaning: "Delivery only: take mail in, queue it, send nothing on.",
    risk: "No mail is lost; the queue grows here.",
    loses: false,
  },
};
