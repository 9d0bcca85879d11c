import type { UserRole } from "@mailbrake/contract";

const rank: Record<UserRole, number> = { viewer: 0, operator: 1, admin: 2 };

/** Why someone of this role may not do what needs `needed`; null where they may. The server decides again. */
export function whyNotRole(role: UserRole, needed: UserRole): string | null {
  if (rank[role] >= rank[needed]) return null;
  return `You are ${role === "viewer" ? "a viewer" : "an operator"}; this needs the role ${needed}. Ask an admin.`;
}
