import type { ChangeEvent } from "@mailbrake/contract";

/** Which cached answers a live event makes old, as query key prefixes. `everything` is every one. */
export function staleKeys(event: ChangeEvent): readonly (readonly string[])[] {
  switch (event.kind) {
    case "brake":
      return [["brake", event.brakeId], ["brakes"], ["block-points"], ["block-point"], ["hosts"], ["host"]];
    case "host":
      return [["hosts"], ["host", event.hostId], ["block-points"], ["block-point"], ["queue-instances"]];
    case "catalogue":
      return [["block-points"], ["block-point"], ["hosts"], ["host", event.hostId], ["queue-instances"]];
    case "manual":
      return [["external-points"], ["external-point", event.externalPointId]];
    case "enrolment":
      return [["enrolments"]];
    case "queue-action":
      return [["queue-actions"], ["queue-action", event.queueActionId], ["queue"]];
    case "survey":
      return [["survey", event.instanceId]];
    case "audit":
      return [["audit"]];
    case "everything":
      return [[]];
  }
}
