/** Runs of manual mechanisms: what people said, in words that never sound like proof. */
import type { ManualPart, ManualRunState, ManualRunSummary } from "@mailbrake/contract";
import type { Permission } from "./brake-can.ts";

const yes: Permission = { allowed: true };
const no = (why: string): Permission => ({ allowed: false, why });
const ended = no("This run has ended; start a new one.");

type Moment = string | Date | null;

/** Where a run is, from what is recorded of it. */
export function manualRunState(run: {
  endedHow: string | null;
  undoAskedAt: Moment;
  saidOnAt: Moment;
}): ManualRunState {
  if (run.endedHow !== null) return run.endedHow === "given-up" ? "given-up" : "said-lifted";
  if (run.undoAskedAt !== null) return "undoing";
  return run.saidOnAt === null ? "applying" : "said-on";
}

/** Whether nothing more can be said in it. */
export function manualRunEnded({ state }: Pick<ManualRunSummary, "state">): boolean {
  return state === "said-lifted" || state === "given-up";
}

type Counted = Pick<ManualRunSummary, "state" | "applyTicked" | "applyTotal" | "undoTicked" | "undoTotal" | "leftAs">;

/** What a screen says of a run, without who and when, nor how a person left it. */
export function manualRunInWords(run: Counted): string {
  switch (run.state) {
    case "applying":
      return `Being put on by hand: ${run.applyTicked} of ${run.applyTotal} steps ticked`;
    case "said-on":
      return "Said to be on";
    case "undoing":
      return `Being undone by hand: ${run.undoTicked} of ${run.undoTotal} steps ticked`;
    case "said-lifted":
      return "Said to be lifted";
    case "given-up":
      return run.leftAs === null ? "Given up, nothing was ticked" : "Given up, not undone";
  }
}

/** Who said last what a run's words say, and when. */
export function manualRunSaid(
  run: Pick<
    ManualRunSummary,
    | "state"
    | "startedAt"
    | "startedBy"
    | "saidOnAt"
    | "saidOnBy"
    | "undoAskedAt"
    | "undoAskedBy"
    | "endedAt"
    | "endedBy"
  >,
): { at: string; by: string } {
  const began = { at: run.startedAt, by: run.startedBy };
  const said = (at: string | null, by: string | null) => (at === null || by === null ? began : { at, by });
  switch (run.state) {
    case "applying":
      return began;
    case "said-on":
      return said(run.saidOnAt, run.saidOnBy);
    case "undoing":
      return said(run.undoAskedAt, run.undoAskedBy);
    case "said-lifted":
    case "given-up":
      return said(run.endedAt, run.endedBy);
  }
}

/** What may be done with a run now; the words are shown on the disabled button and in the API's refusal alike. */
export const manualRunCan = {
  /** Ticking and unticking alike. */
  tick(run: Counted, part: ManualPart): Permission {
    if (manualRunEnded(run)) return ended;
    if (part === "apply" && run.state === "undoing") return no("Its undo has begun: tick the steps of the undo.");
    if (part === "undo" && run.state !== "undoing") return no("Its undo has not begun: begin it first.");
    return yes;
  },
  undo(run: Counted): Permission {
    if (manualRunEnded(run)) return ended;
    if (run.state === "undoing") return no("Its undo has already begun.");
    if (run.applyTicked === 0) return no("Nothing is ticked, so there is nothing to undo: give the run up instead.");
    return yes;
  },
  giveUp(run: Counted): Permission {
    return manualRunEnded(run) ? ended : yes;
  },
};

/** Whether who gives up must say how things are left: no step that was ticked is forgotten in silence. */
export function giveUpMustSayHow(run: Counted): boolean {
  return run.applyTicked > 0;
}
