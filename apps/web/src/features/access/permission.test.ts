import { describe, expect, it } from "vitest";
import { whyNotRole } from "./permission.ts";

describe("whyNotRole", () => {
  it("lets a higher role do what a lower one may", () => {
    expect(whyNotRole("admin", "operator")).toBeNull();
    expect(whyNotRole("operator", "operator")).toBeNull();
    expect(whyNotRole("viewer", "viewer")).toBeNull();
  });
  it("names the role that is needed", () => {
    expect(whyNotRole("viewer", "operator")).toBe("You are a viewer; this needs the role operator. Ask an admin.");
    expect(whyNotRole("operator", "admin")).toBe("You are an operator; this needs the role admin. Ask an admin.");
  });
});
