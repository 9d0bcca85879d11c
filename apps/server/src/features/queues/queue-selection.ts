/** A selection as the agent is asked it, and as it is stored. */
import { type AgentArguments, MailbrakeError, type QueueSelection, queueSelectionSchema } from "@mailbrake/contract";
import { checkSelection, formatMatch } from "@mailbrake/domain";
import type { Store } from "../../platform/store.ts";

export function readSelection(text: string): QueueSelection {
  return queueSelectionSchema.parse(JSON.parse(text));
}

/**
 * Checks a selection for these instances and brings it to the one form that agents use.
 * @throws MailbrakeError bad-input naming the field
 */
export async function checkedSelection(
  store: Store,
  given: QueueSelection,
  instanceIds: readonly string[],
): Promise<QueueSelection> {
  const checked = checkSelection(given);
  if (!checked.ok) throw new MailbrakeError("bad-input", { field: checked.field, detail: checked.why });
  const { applicationId } = checked.selection;
  if (applicationId !== undefined) {
    const field = "selection.applicationId";
    const application = await store.application.findUnique({
      where: { id: applicationId },
      select: { blockPoint: { select: { instanceId: true, instance: { select: { instance: true } } } } },
    });
    if (application === null)
      throw new MailbrakeError("bad-input", { field, detail: "There is no such brake here; reload." });
    const { instanceId, instance } = application.blockPoint;
    if (instanceIds.some((id) => id !== instanceId))
      throw new MailbrakeError("bad-input", {
        field,
        detail: `This brake holds mail at ${instance.instance} of one host alone; choose that instance and no other.`,
      });
  }
  return checked.selection;
}

/** The selection's keys of the protocol. */
export function selectionArguments(selection: QueueSelection): AgentArguments {
  const [match, match2, match3] = selection.match.map(formatMatch);
  const number = (value: number | undefined) => (value === undefined ? undefined : String(value));
  const given: { [Key in keyof AgentArguments]: AgentArguments[Key] | undefined } = {
    match,
    match2,
    match3,
    in: selection.queue,
    older: number(selection.olderSeconds),
    younger: number(selection.youngerSeconds),
    larger: number(selection.largerBytes),
    smaller: number(selection.smallerBytes),
    app: selection.applicationId,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
