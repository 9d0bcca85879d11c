import { createUserRequestSchema, fingerprintRequestSchema, updateRunbookRequestSchema } from "@mailbrake/contract";
import { expect, it } from "vitest";
import { firstIssues } from "./first-issues.ts";

it("says in a person's words what is wrong with each field", () => {
  expect(firstIssues(createUserRequestSchema, { name: " ", email: "vera", role: "viewer", password: "short" })).toEqual(
    {
      name: "This is missing.",
      email: "Write an e-mail address, such as vera@example.org.",
      password: "at least 12 characters",
    },
  );
});
it("names a field in a list by its place", () => {
  const found = firstIssues(updateRunbookRequestSchema, {
    note: "",
    links: [{ title: "x", url: "javascript:alert(1)" }],
  });
  expect(found).toEqual({ "links.0.url": "Write a web address that begins with https:// or http://." });
});
it("refuses a port that is no number", () => {
  expect(firstIssues(fingerprintRequestSchema, { address: "mx1", port: Number.NaN })).toEqual({
    port: "This can't be used here.",
  });
});
it("is empty for a good value", () =>
  expect(firstIssues(fingerprintRequestSchema, { address: "mx1", port: 22 })).toEqual({}));
