import { type EnrolmentView, enrolmentStates, limits, MailbrakeError } from "@mailbrake/contract";
import type { Prisma } from "@mailbrake/prisma";
import { z } from "zod";
import type { Store, StoreTransaction } from "../../platform/store.ts";
import { hashEnrolmentToken } from "./enrolment-token.ts";
import { readStoredKeys } from "./reported-keys.ts";

export type EnrolmentRow = Prisma.EnrolmentGetPayload<object>;
type Reader = Store | StoreTransaction;

const stateSchema = z.enum(enrolmentStates);
const purpose = "enrolment";

/** One that nobody confirmed in time is `expired`, whatever was recorded. */
export function enrolmentState(row: EnrolmentRow, now: Date): EnrolmentView["state"] {
  const state = stateSchema.parse(row.state);
  return state !== "confirmed" && row.expiresAt <= now ? "expired" : state;
}

/** @param command the one-liner, only in the answer that made it */
export function toEnrolmentView(row: EnrolmentRow, now: Date, command: string | null = null): EnrolmentView {
  return {
    id: row.id,
    name: row.name,
    address: row.address,
    port: row.port,
    state: enrolmentState(row, now),
    command,
    reportedFingerprints: readStoredKeys(row.reportedHostKeys).map(({ fingerprint }) => fingerprint),
    expiresAt: row.expiresAt.toISOString(),
    hostId: row.hostId,
  };
}

export function findEnrolments(store: Reader): Promise<EnrolmentRow[]> {
  return store.enrolment.findMany({ orderBy: [{ createdAt: "desc" }, { id: "asc" }], take: limits.pageSize });
}

/** @throws MailbrakeError not-found */
export async function findEnrolment(store: Reader, enrolmentId: string): Promise<EnrolmentRow> {
  const row = await store.enrolment.findUnique({ where: { id: enrolmentId } });
  if (row === null) throw new MailbrakeError("not-found", { detail: "There is no such enrolment." });
  return row;
}

export interface NewEnrolment {
  id: string;
  name: string;
  address: string;
  port: number;
  tokenId: string;
  tokenHash: string;
  createdBy: string;
  createdAt: Date;
  expiresAt: Date;
}

export async function createEnrolment(
  transaction: StoreTransaction,
  { tokenHash, ...enrolment }: NewEnrolment,
): Promise<EnrolmentRow> {
  const { tokenId: id, expiresAt, createdAt } = enrolment;
  await transaction.oneTimeToken.create({ data: { id, purpose, tokenHash, expiresAt, createdAt } });
  return transaction.enrolment.create({ data: { ...enrolment, state: "waiting" } });
}

/** The enrolment that a token still opens. @throws MailbrakeError token-spent for any other token */
export async function findByToken(store: Reader, token: string, now: Date): Promise<EnrolmentRow> {
  const known = await store.oneTimeToken.findUnique({ where: { tokenHash: hashEnrolmentToken(token) } });
  const usable = known !== null && known.purpose === purpose && known.usedAt === null && known.expiresAt > now;
  const row = usable ? await store.enrolment.findFirst({ where: { tokenId: known.id } }) : null;
  if (row === null) throw new MailbrakeError("token-spent");
  return row;
}

export async function recordReport(
  transaction: StoreTransaction,
  row: EnrolmentRow,
  report: { user: string; version: string; hostKeys: string; at: Date; expiresAt: Date },
): Promise<void> {
  await transaction.oneTimeToken.update({ where: { id: row.tokenId }, data: { usedAt: report.at } });
  await transaction.enrolment.update({
    where: { id: row.id },
    data: {
      state: "reported",
      reportedUser: report.user,
      reportedVersion: report.version,
      reportedHostKeys: report.hostKeys,
      expiresAt: report.expiresAt,
    },
  });
}

export async function recordConfirmed(
  transaction: StoreTransaction,
  enrolmentId: string,
  hostId: string,
): Promise<void> {
  await transaction.enrolment.update({ where: { id: enrolmentId }, data: { state: "confirmed", hostId } });
}
