import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestStore, type TestStore } from "./test-store.ts";

const actor = { kind: "system", id: "clock", name: "Clock" } as const;
const entry = { actor, action: "test.done", target: "test:1", summary: "A test." };
const token = (id: string) => ({ id, purpose: "test", tokenHash: id, expiresAt: new Date() });

describe("the store", () => {
  let test: TestStore;
  beforeEach(async () => {
    test = await createTestStore();
  });
  afterEach(() => test.close());

  it("commits a change and its audit event together and publishes after that", async () => {
    const heard: unknown[] = [];
    test.events.subscribe(({ change }) => heard.push(change));
    await test.transactor.inTransaction(async (scope) => {
      await scope.transaction.oneTimeToken.create({ data: token("a") });
      await test.audit.append(scope, entry);
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([{ kind: "audit", sequence: 1 }]);
    expect(await test.store.oneTimeToken.count()).toBe(1);
  });

  it("takes change and event back together and publishes nothing", async () => {
    const heard: unknown[] = [];
    test.events.subscribe(({ change }) => heard.push(change));
    const failed = test.transactor.inTransaction(async (scope) => {
      await scope.transaction.oneTimeToken.create({ data: token("a") });
      await test.audit.append(scope, entry);
      throw new Error("not this time");
    });
    await expect(failed).rejects.toThrow("not this time");
    expect(heard).toEqual([]);
    expect(await test.store.oneTimeToken.count()).toBe(0);
    expect(await test.store.auditEvent.count()).toBe(0);
  });

  it("doesn't show what is not committed, nor mixes what others write into a transaction", async () => {
    let goOn = () => {};
    const waits = new Promise<void>((go) => {
      goOn = go;
    });
    let taken: Promise<unknown> = Promise.resolve();
    await new Promise<void>((opened) => {
      taken = expect(
        test.transactor.inTransaction(async ({ transaction }) => {
          await transaction.oneTimeToken.create({ data: token("inside") });
          opened();
          await waits;
          throw new Error("taken back");
        }),
      ).rejects.toThrow("taken back");
    });
    expect(await test.store.oneTimeToken.count()).toBe(0);
    const written = test.store.oneTimeToken.create({ data: token("outside") });
    await new Promise((resolve) => setTimeout(resolve, 50));
    goOn();
    await taken;
    await written;
    expect((await test.store.oneTimeToken.findMany()).map((row) => row.id)).toEqual(["outside"]);
  });

  it("takes many transactions at once, one after another", async () => {
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        test.transactor.inTransaction(async (scope) => {
          await scope.transaction.oneTimeToken.create({ data: token(`t${i}`) });
          await test.audit.append(scope, entry);
        }),
      ),
    );
    const rows = await test.store.auditEvent.findMany({ orderBy: { sequence: "asc" } });
    expect(rows.map((row) => row.sequence)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  it("refuses a transaction inside a transaction instead of waiting for itself", async () => {
    const nested = test.transactor.inTransaction(() => test.transactor.inTransaction(async () => 1));
    await expect(nested).rejects.toThrow("inside a transaction");
  });
});
