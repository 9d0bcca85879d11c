import type { ApplicationView, BrakeView } from "@mailbrake/contract";
import { stateInWords } from "@mailbrake/domain";

export type StepStatus = "done" | "now" | "failed" | "waiting" | "none";
export interface ProgressStep {
  name: string;
  status: StepStatus;
  at: string | null;
  /** Why it failed or what is waited for; empty where there is nothing to say. */
  note: string;
}

/** The four facts of one order at one block point, in their order; a fact is `done` only where the state says that it was seen. */
export function progressSteps(application: ApplicationView): ProgressStep[] {
  const { state, wanted, provable, endedHow } = application;
  const lifting = wanted === "lifted" || endedHow === "expired";
  const neverApplied = endedHow === "never-applied";
  const answered = lifting ? state === "lifted" || state === "open" : state === "applied" || state === "proved";
  const proved = lifting ? state === "open" : state === "proved";
  const sentAt = ofThisOrder(application.sentAt, application);
  const wentOut = answered || proved || ["sent", "unknown", "drifted"].includes(state) || sentAt !== null;

  const sent: ProgressStep = { name: "Sent", status: wentOut ? "done" : "waiting", at: sentAt, note: "" };
  const answer: ProgressStep = {
    name: endedHow === "expired" ? "Expired" : lifting ? "Lifted" : "Applied",
    status: answered ? "done" : "waiting",
    at: answered ? application.answeredAt : null,
    note: "",
  };
  const proof: ProgressStep = {
    name: lifting ? "Proved open" : "Proved",
    status: proved ? "done" : provable ? "waiting" : "none",
    at: proved ? provedAt(application) : null,
    note: provable ? "" : application.provableWhy,
  };
  if (state === "asked") sent.status = "now";
  if (state === "unreachable") Object.assign(sent, { status: "failed", note: "not sent", at: null });
  if (state === "sent") answer.status = "now";
  if (state === "unknown") Object.assign(answer, { status: "failed", note: "no answer" });
  if (state === "refused") Object.assign(answer, { status: "failed", note: "refused", at: application.answeredAt });
  if (state === "drifted") Object.assign(proof, { status: "failed", note: "drifted" });
  if (provable && !neverApplied && (state === "applied" || state === "lifted")) proof.status = "now";
  if (neverApplied) {
    answer.status = "none";
    proof.status = "none";
  }
  return [{ name: "Asked", status: "done", at: application.askedAt, note: "" }, sent, answer, proof];
}

/** A time that belongs to an earlier order (apply, while this one is its lift) says nothing of this one. */
function ofThisOrder(at: string | null, { askedAt }: ApplicationView): string | null {
  return at !== null && Date.parse(at) >= Date.parse(askedAt) ? at : null;
}

/** When the probe saw it; for an open door that is the first dialogue of this order that found it open. */
function provedAt(application: ApplicationView): string | null {
  if (application.state === "proved") return application.provedAt;
  const seen = application.evidence
    .filter(({ kind, verdict }) => kind === "dialogue" && verdict === "open")
    .map(({ takenAt }) => takenAt)
    .filter((takenAt) => ofThisOrder(takenAt, application) !== null)
    .sort();
  return seen[0] ?? null;
}

export interface BrakeStanding {
  /** The most certain words that are true of all of it. */
  words: string;
  tone: "settled" | "moving" | "trouble";
}

const troubled = new Set<ApplicationView["state"]>(["unknown", "unreachable", "refused", "drifted"]);

/**
 * How a brake stands over all its block points: "Proved at 2 of 2 block points", and what is wrong at the others.
 * What was seen at a host that can't be reached now is said to be as last seen.
 */
export function standingOf(
  brake: Pick<BrakeView, "applications" | "wanted" | "ended">,
  unreachableHostIds: ReadonlySet<string> = new Set(),
): BrakeStanding {
  const { applications } = brake;
  const total = applications.length;
  const where = total === 1 ? "block point" : "block points";
  const lifting = brake.wanted === "lifted" || brake.ended;
  const reached = (...states: ApplicationView["state"][]) =>
    applications.filter(({ state }) => states.includes(state)).length;
  const ended = (how: ApplicationView["endedHow"]) => applications.filter(({ endedHow }) => endedHow === how).length;
  const bad = applications.filter((one) => troubled.has(one.state) && one.endedAt === null);
  const proved = lifting ? reached("open") : reached("proved");
  const answered = lifting ? reached("open", "lifted") : reached("proved", "applied");

  const parts: string[] = [];
  if (lifting) {
    if (proved > 0)
      parts.push(
        `${ended("expired") === total ? "Expired on the host, proved" : "Proved"} open again at ${proved} of ${total} ${where}`,
      );
    else if (total > 0 && ended("never-applied") === total) parts.push("Never applied");
    else if (total > 0 && ended("expired") === total)
      parts.push(`Expired on the host at ${answered} of ${total} ${where}`);
    else parts.push(`Lifted at ${answered} of ${total} ${where}`);
    if (proved > 0 && answered > proved) parts.push(`${answered - proved} lifted, read back`);
  } else {
    if (proved > 0) parts.push(`Proved at ${proved} of ${total} ${where}`);
    else parts.push(`In force at ${answered} of ${total} ${where}`);
    if (proved > 0 && answered > proved) parts.push(`${answered - proved} in force, read back`);
  }
  const byWords = new Map<string, number>();
  for (const one of bad) byWords.set(stateInWords(one), (byWords.get(stateInWords(one)) ?? 0) + 1);
  for (const [words, count] of byWords) parts.push(`${count}: ${words}`);
  const away = applications.filter(
    (one) => one.endedAt === null && unreachableHostIds.has(one.hostId) && !bad.includes(one),
  );
  if (away.length > 0) parts.push(`${away.length} as last seen: host unreachable now`);
  const awaited = applications.some((one) => one.provable && (one.state === "applied" || one.state === "lifted"));
  const settled = answered === total && !awaited;
  const tone = bad.length > 0 || away.length > 0 ? "trouble" : settled ? "settled" : "moving";
  return { words: parts.join(" · "), tone };
}
