import { errorBodySchema, sessionViewSchema, userListSchema } from "@mailbrake/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AccessTestApp, buildAccessTestApp, testPassword } from "./access-test-app.ts";

const person = { name: "Ada", email: "ada@lab.example", password: testPassword };

describe("access", () => {
  let access: AccessTestApp;
  beforeEach(async () => {
    access = await buildAccessTestApp();
  });
  afterEach(() => access.close());

  const code = (answer: { json(): unknown }) => errorBodySchema.parse(answer.json()).error.code;
  const get = (url: string, cookie?: string) => access.app.inject({ url, headers: cookie ? { cookie } : {} });
  const patch = (url: string, payload: object, cookie: string) =>
    access.app.inject({ method: "PATCH", url, payload, headers: { cookie, origin: "http://localhost:8090" } });
  const actions = async () =>
    (await access.test.store.auditEvent.findMany({ orderBy: { sequence: "asc" } })).map((event) => event.action);

  it("makes the first admin by the one-time link, once", async () => {
    expect((await get("/api/setup/status")).json()).toEqual({ needed: true });
    const token = await access.setupToken();
    expect(code(await access.post("/api/setup", { ...person, token: "x".repeat(43) }))).toBe("token-spent");
    expect((await access.post("/api/setup", { ...person, token })).statusCode).toBe(200);
    expect(code(await access.post("/api/setup", { ...person, email: "eve@lab.example", token }))).toBe("conflict");
    expect((await get("/api/setup/status")).json()).toEqual({ needed: false });
    expect(await access.setupToken()).toBeNull();
    expect(await actions()).toEqual(["access.set-up"]);
  });

  it("refuses a set-up link that has run out", async () => {
    const token = await access.setupToken();
    access.test.setTime(new Date(Date.now() + 25 * 3_600_000));
    expect(code(await access.post("/api/setup", { ...person, token }))).toBe("token-spent");
  });

  it("keeps neither token nor password in the database", async () => {
    const token = await access.setupToken();
    await access.post("/api/setup", { ...person, token });
    const account = await access.test.store.account.findFirstOrThrow();
    expect(account.password).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const tokens = JSON.stringify(await access.test.store.oneTimeToken.findMany());
    expect(tokens).not.toContain(token);
  });

  it("signs in with a cookie that scripts and other sites don't get, and never shows the token", async () => {
    await access.post("/api/setup", { ...person, token: await access.setupToken() });
    const answer = await access.post("/api/auth/sign-in/email", { email: "ADA@lab.example", password: testPassword });
    expect(sessionViewSchema.parse(answer.json()).user).toMatchObject({ email: "ada@lab.example", role: "admin" });
    const [cookie] = answer.cookies;
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/" });
    const session = await access.test.store.session.findFirstOrThrow();
    expect(answer.body).not.toContain(session.token);
    expect(session.ipAddress).toBe("127.0.0.1");
  });

  it("answers the same to a wrong password, an unknown address and a disabled user, and records each", async () => {
    const { admin } = await access.makeEveryRole();
    const { users } = userListSchema.parse((await get("/api/users", admin)).json());
    const viewer = users.find((user) => user.role === "viewer");
    await patch(`/api/users/${viewer?.id}`, { disabled: true }, admin);
    const bodies = [];
    for (const credentials of [
      { email: "ada@lab.example", password: "wrong" },
      { email: "nobody@lab.example", password: testPassword },
      { email: "viewer@lab.example", password: testPassword },
    ]) {
      const answer = await access.post("/api/auth/sign-in/email", credentials);
      expect(answer.statusCode).toBe(401);
      expect(answer.cookies).toEqual([]);
      bodies.push(answer.body);
    }
    expect(new Set(bodies).size).toBe(1);
    expect((await actions()).slice(-3)).toEqual(Array(3).fill("access.sign-in-failed"));
  });

  it("ends a session at sign-out and at disabling, at once", async () => {
    const { admin, viewer, operator } = await access.makeEveryRole();
    expect((await get("/api/session", viewer)).statusCode).toBe(200);
    const out = await access.post("/api/auth/sign-out", {}, viewer);
    expect(out.statusCode).toBe(200);
    expect(out.cookies.every((cookie) => cookie.value === "")).toBe(true);
    expect((await get("/api/session", viewer)).statusCode).toBe(401);

    const { user } = sessionViewSchema.parse((await get("/api/session", operator)).json());
    await patch(`/api/users/${user.id}`, { disabled: true }, admin);
    expect((await get("/api/session", operator)).statusCode).toBe(401);
  });

  it("takes a cookie whose signature was changed for nobody's", async () => {
    const { admin } = await access.makeEveryRole();
    const session = await access.test.store.session.findFirstOrThrow();
    expect((await get("/api/session", `mailbrake.session_token=${session.token}.AAAA`)).statusCode).toBe(401);
    expect((await get("/api/session", `${admin.slice(0, -6)}A${admin.slice(-5)}`)).statusCode).toBe(401);
    expect((await get("/api/session", admin)).statusCode).toBe(200);
  });

  it("doesn't let users make themselves anything", async () => {
    const { viewer } = await access.makeEveryRole();
    const { user } = sessionViewSchema.parse((await get("/api/session", viewer)).json());
    expect((await patch(`/api/users/${user.id}`, { role: "admin" }, viewer)).statusCode).toBe(403);
    for (const path of ["/api/auth/update-user", "/api/auth/sign-up/email", "/api/auth/change-email"])
      expect((await access.post(path, { role: "admin", ...person }, viewer)).statusCode).toBe(404);
    expect((await actions()).at(-1)).toBe("access.refused");
  });

  it("keeps the last admin", async () => {
    const { admin } = await access.makeEveryRole();
    const { user } = sessionViewSchema.parse((await get("/api/session", admin)).json());
    expect(code(await patch(`/api/users/${user.id}`, { role: "viewer" }, admin))).toBe("conflict");
    expect(code(await patch(`/api/users/${user.id}`, { disabled: true }, admin))).toBe("conflict");
    expect((await actions()).slice(-2)).toEqual(Array(2).fill("access.user-change-refused"));
  });

  it("keeps the last admin against two who demote each other at once", async () => {
    const { admin } = await access.makeEveryRole();
    const second = { ...person, name: "Bob", email: "bob@lab.example", role: "admin" };
    const bob = (await access.post("/api/users", second, admin)).json();
    const bobCookie = await access.signIn("bob@lab.example");
    const ada = sessionViewSchema.parse((await get("/api/session", admin)).json()).user;
    await Promise.all([
      patch(`/api/users/${ada.id}`, { role: "viewer" }, bobCookie),
      patch(`/api/users/${bob.id}`, { role: "viewer" }, admin),
    ]);
    expect(await access.test.store.user.count({ where: { role: "admin" } })).toBe(1);
  });

  it("changes a password only with the current one and ends the other sessions", async () => {
    const { viewer } = await access.makeEveryRole();
    const elsewhere = await access.signIn("viewer@lab.example");
    const wrong = { currentPassword: "wrong", newPassword: "another good password" };
    expect(code(await access.post("/api/account/password", wrong, viewer))).toBe("bad-input");
    const right = { ...wrong, currentPassword: testPassword };
    expect((await access.post("/api/account/password", right, viewer)).statusCode).toBe(200);
    expect((await get("/api/session", viewer)).statusCode).toBe(200);
    expect((await get("/api/session", elsewhere)).statusCode).toBe(401);
    await expect(access.signIn("viewer@lab.example")).rejects.toThrow();
    await access.signIn("viewer@lab.example", "another good password");
  });

  it("names the field of a second user with the same address", async () => {
    const { admin } = await access.makeEveryRole();
    const again = { ...person, email: "VIEWER@lab.example", role: "viewer" };
    const answer = await access.post("/api/users", again, admin);
    expect(errorBodySchema.parse(answer.json()).error).toMatchObject({ code: "conflict", field: "email" });
  });
});

it("limits guesses at a password", async () => {
  const access = await buildAccessTestApp(undefined, undefined, 3);
  try {
    const guess = () => access.post("/api/auth/sign-in/email", { email: "a@lab.example", password: "guess" });
    for (let i = 0; i < 3; i++) expect((await guess()).statusCode).toBe(401);
    const answer = await guess();
    expect(answer.statusCode).toBe(429);
    expect(errorBodySchema.parse(answer.json()).error.code).toBe("too-many-requests");
  } finally {
    await access.close();
  }
});
