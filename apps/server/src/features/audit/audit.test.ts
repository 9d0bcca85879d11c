import { auditPageSchema, auditVerdictSchema } from "@mailbrake/contract";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MailbrakeApp } from "../../platform/mailbrake-app.ts";
import { as, buildTestApp } from "../../platform/test-app.ts";
import { createTestStore, type TestStore } from "../../platform/test-store.ts";
import { createAuditSlice, verifyAudit } from "./index.ts";

const eventCount = 12;

async function fill(test: TestStore): Promise<void> {
  for (let i = 1; i <= eventCount; i++)
    await test.transactor.inTransaction((scope) =>
      test.audit.append(scope, {
        actor: { kind: i % 2 ? "user" : "system", id: `u${i}`, name: i === 3 ? "Zoë \ud800 \ufffd" : `Person ${i}` },
        action: i % 3 ? "brake.asked" : "host.enrolled",
        target: `brake:${i}`,
        summary: `Braked ${i} % of _ all`,
        data: { z: i, a: "\ufffd", nested: { text: "ü" } },
      }),
    );
}

const textColumns = [
  "at",
  "actorKind",
  "actorId",
  "actorName",
  "action",
  "target",
  "summary",
  "data",
  "previousHash",
  "hash",
] as const;

describe("the audit chain in the database", () => {
  let test: TestStore;
  const sql = (text: string) => test.store.$executeRawUnsafe(text);
  const verify = () => verifyAudit(test.store, test.headKey);

  beforeAll(async () => {
    test = await createTestStore();
    await fill(test);
  });
  afterAll(() => test.close());

  it("is intact as it was written, whatever the text", async () => {
    expect(await verify()).toMatchObject({ intact: true, checked: eventCount, brokenAt: null });
  });

  it("finds and locates one changed byte in any text column of any event", async () => {
    const changes = fc.record({
      column: fc.constantFrom(...textColumns),
      sequence: fc.integer({ min: 1, max: eventCount }),
      place: fc.nat(),
      byte: fc.integer({ min: 0, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(changes, async ({ column, sequence, place, byte }) => {
        const cell = `SELECT hex("${column}") AS hex FROM "AuditEvent" WHERE sequence = ${sequence}`;
        const [row] = await test.store.$queryRawUnsafe<{ hex: string }[]>(cell);
        const before = Buffer.from(row?.hex ?? "", "hex");
        const after = Buffer.from(before);
        after[place % after.length] = byte;
        fc.pre(!after.equals(before));
        const write = (bytes: Buffer) =>
          sql(
            `UPDATE "AuditEvent" SET "${column}" = CAST(X'${bytes.toString("hex")}' AS TEXT) WHERE sequence = ${sequence}`,
          );
        await write(after);
        const verdict = await verify();
        await write(before);
        expect(verdict.intact).toBe(false);
        expect(verdict.brokenAt?.sequence).toBe(sequence);
      }),
      { numRuns: 400 },
    );
    expect((await verify()).intact).toBe(true);
  });

  it("finds and locates a changed sequence number", async () => {
    for (const [from, to] of [
      [5, 500],
      [1, 0],
      [1, -7],
      [eventCount, eventCount + 1],
    ] as const) {
      await sql(`UPDATE "AuditEvent" SET sequence = ${to} WHERE sequence = ${from}`);
      const verdict = await verify();
      await sql(`UPDATE "AuditEvent" SET sequence = ${from} WHERE sequence = ${to}`);
      expect(verdict.brokenAt?.sequence).toBe(from);
    }
    expect((await verify()).intact).toBe(true);
  });

  it("finds events put in another order", async () => {
    const swap = [
      `UPDATE "AuditEvent" SET sequence = 999 WHERE sequence = 4`,
      `UPDATE "AuditEvent" SET sequence = 4 WHERE sequence = 5`,
      `UPDATE "AuditEvent" SET sequence = 5 WHERE sequence = 999`,
    ];
    for (const step of swap) await sql(step);
    expect((await verify()).brokenAt?.sequence).toBe(4);
    for (const step of swap) await sql(step);
    expect((await verify()).intact).toBe(true);
  });

  it("finds a cell of another type", async () => {
    const [row] = await test.store.$queryRawUnsafe<{ at: string }[]>(`SELECT at FROM "AuditEvent" WHERE sequence = 7`);
    await sql(`UPDATE "AuditEvent" SET at = X'00FF' WHERE sequence = 7`);
    const verdict = await verify();
    await sql(`UPDATE "AuditEvent" SET at = '${row?.at}' WHERE sequence = 7`);
    expect(verdict.brokenAt?.sequence).toBe(7);
    expect((await verify()).intact).toBe(true);
  });

  it("finds a changed byte in the record of where the chain ends", async () => {
    const kept = await test.store.auditHead.findFirstOrThrow();
    const other = (hex: string) => (hex.startsWith("0") ? "1" : "0") + hex.slice(1);
    for (const change of [
      { sequence: eventCount - 1 },
      { hash: other(kept.hash) },
      { seal: other(kept.seal) },
      { id: "hea" },
    ]) {
      await test.store.auditHead.updateMany({ data: change });
      expect((await verify()).intact).toBe(false);
      await test.store.auditHead.updateMany({ data: kept });
    }
    await sql(`UPDATE "AuditHead" SET sequence = 'x'`);
    expect((await verify()).brokenAt?.what).toContain("can't be read");
    await sql(`UPDATE "AuditHead" SET sequence = ${kept.sequence}`);
    expect((await verify()).intact).toBe(true);
  });

  it("finds a tail that was cut off, a head that was cut off, and all of it gone", async () => {
    const rows = await test.store.auditEvent.findMany();
    const cut = async (where: string) => {
      await sql(`DELETE FROM "AuditEvent" WHERE ${where}`);
      const verdict = await verify();
      await test.store.auditEvent.deleteMany();
      await test.store.auditEvent.createMany({ data: rows });
      return verdict.brokenAt?.sequence;
    };
    expect(await cut(`sequence > 10`)).toBe(11);
    expect(await cut(`sequence < 3`)).toBe(1);
    expect(await cut(`sequence = 6`)).toBe(6);
    expect(await cut(`true`)).toBe(1);
    expect((await verify()).intact).toBe(true);
  });

  it("finds a chain that was written anew by someone without the key", async () => {
    const other = await createTestStore();
    try {
      await fill(other);
      expect((await verifyAudit(other.store, test.headKey)).brokenAt?.what).toContain("another key");
    } finally {
      await other.close();
    }
  });

  it("stays intact while events are being appended", async () => {
    const other = await createTestStore();
    try {
      const writing = fill(other).then(() => fill(other));
      for (let i = 0; i < 10; i++) expect((await verifyAudit(other.store, other.headKey)).intact).toBe(true);
      await writing;
    } finally {
      await other.close();
    }
  });
});

describe("the audit page", () => {
  let test: TestStore;
  let app: MailbrakeApp;
  beforeAll(async () => {
    test = await createTestStore();
    await fill(test);
    app = await buildTestApp([createAuditSlice({ ...test }).registerRoutes]);
  });
  afterAll(async () => {
    await app.close();
    await test.close();
  });
  const page = async (query: string) =>
    auditPageSchema.parse((await app.inject({ url: `/api/audit?${query}`, headers: as("viewer") })).json());

  it("shows the newest first, page by page, each event once", async () => {
    const seen: number[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const next: { events: { sequence: number }[]; nextCursor: string | null } = await page(
        `pageSize=5${cursor ? `&cursor=${cursor}` : ""}`,
      );
      seen.push(...next.events.map((event) => event.sequence));
      cursor = next.nextCursor;
    }
    expect(seen).toEqual(Array.from({ length: eventCount }, (_, i) => eventCount - i));
  });

  it("filters by who, what, about what and text", async () => {
    const sequences = async (query: string) => (await page(query)).events.map((event) => event.sequence);
    expect(await sequences("actor=u4")).toEqual([4]);
    expect(await sequences("action=host.")).toEqual([12, 9, 6, 3]);
    expect(await sequences("target=brake:7")).toEqual([7]);
    expect(await sequences("text=Braked+11")).toEqual([11]);
    expect(await sequences("actor=nobody")).toEqual([]);
  });

  it("names a cursor that it didn't give", async () => {
    const answer = await app.inject({ url: "/api/audit?cursor=x'; DROP", headers: as("viewer") });
    expect(answer.json().error).toMatchObject({ code: "bad-input", field: "cursor" });
  });

  it("verifies on request", async () => {
    const answer = await app.inject({ url: "/api/audit/verify", headers: as("viewer") });
    expect(auditVerdictSchema.parse(answer.json())).toMatchObject({ intact: true, checked: eventCount });
  });
});
