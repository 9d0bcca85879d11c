import { type DoorState, doorStates, type EntryPointRole, entryPointRoles } from "@mailbrake/contract";
import { boundedText, idList, oneOf } from "../../ui/search-values.ts";

export interface BoardSearch {
  text?: string;
  role?: EntryPointRole;
  door?: DoorState;
  selected?: string[];
}

export function parseBoardSearch(search: Record<string, unknown>): BoardSearch {
  return {
    ...boundedText(search, "text", 100),
    ...oneOf(search, "role", entryPointRoles),
    ...oneOf(search, "door", doorStates),
    ...idList(search, "selected"),
  };
}
