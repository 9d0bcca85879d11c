import type { UserRole, UserView } from "@mailbrake/contract";
import { useSuspenseQuery } from "@tanstack/react-query";
import { sessionQuery } from "../../api/queries.ts";
import { whyNotRole } from "./permission.ts";

/** The signed-in person; only for screens inside the signed-in layout, whose guard has loaded it. */
export function useUser(): UserView {
  return useSuspenseQuery(sessionQuery).data.user;
}

/** Why the signed-in person may not do what needs this role; null where they may. */
export function useWhyNotRole(needed: UserRole): string | null {
  return whyNotRole(useUser().role, needed);
}
