import type { ApplicationView } from "@mailbrake/contract";

type Settled = "applied" | "lifted";

const words: Record<ApplicationView["state"], Record<Settled, string>> = {
  asked: { applied: "Asked", lifted: "Lift asked" },
  sent: { applied: "Sent, waiting for the host", lifted: "Lift sent, waiting for the host" },
  unknown: {
    applied: "Unknown: connection lost, asking again",
    lifted: "Unknown whether lifted: connection lost, asking again",
  },
  unreachable: {
    applied: "Not applied yet: host unreachable, trying again",
    lifted: "Not lifted yet: host unreachable, trying again",
  },
  refused: { applied: "Refused by the host", lifted: "Lift refused by the host" },
  applied: { applied: "In force (read back)", lifted: "Still in force (read back)" },
  proved: { applied: "In force, proved", lifted: "Still in force, proved" },
  drifted: { applied: "Drifted: the host is not as ordered", lifted: "Drifted: the host is not as ordered" },
  lifted: { applied: "Lifted (read back)", lifted: "Lifted (read back)" },
  open: { applied: "Lifted, proved open", lifted: "Lifted, proved open" },
};

/** What a screen says of an application: a few words, readable without colour. */
export function stateInWords(application: Pick<ApplicationView, "state" | "wanted" | "endedHow">): string {
  const { state, wanted, endedHow } = application;
  if (endedHow === "never-applied") return "Never applied";
  if (endedHow === "expired" && state === "lifted") return "Expired on the host (read back)";
  if (endedHow === "expired" && state === "open") return "Expired on the host, proved open";
  return words[state][wanted];
}
