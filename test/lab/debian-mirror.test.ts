import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findDebianMirror, firstArchive } from "./debian-mirror.ts";

it("reads the archive from a one-line source, with or without options", () => {
  expect(firstArchive(["# deb http://old.test/debian x main\ndeb http://a.test/debian bookworm main"])).toBe(
    "http://a.test/debian",
  );
  expect(firstArchive(["deb [arch=amd64 signed-by=/k.gpg] http://b.test/debian bookworm main"])).toBe(
    "http://b.test/debian",
  );
});

it("reads the archive from a deb822 source", () => {
  expect(
    firstArchive(["", "Types: deb\n# URIs: http://old.test\nURIs: http://c.test/debian\nSuites: bookworm\n"]),
  ).toBe("http://c.test/debian");
});

it("says where a mirror must be named when there is none", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mailbrake-apt-"));
  try {
    await expect(findDebianMirror(folder)).rejects.toThrow(`No Debian mirror is named in ${folder}/sources.list`);
  } finally {
    await rm(folder, { recursive: true });
  }
});
