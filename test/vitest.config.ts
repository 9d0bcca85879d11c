import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));
const sourceOf = (name: string, folder: string) => ({
  find: `@mailbrake/${name}`,
  replacement: `${root}${folder}/src/index.ts`,
});
const alias = [
  ...["agent", "audit", "contract", "domain", "fleet"].map((name) => sourceOf(name, `packages/${name}`)),
  { find: "@mailbrake/server/testing", replacement: `${root}apps/server/src/testing.ts` },
  sourceOf("server", "apps/server"),
  sourceOf("prisma", "prisma"),
];
const exclude = ["**/node_modules/**", "**/dist/**"];

/** `unit` needs nothing but this machine; `lab` needs root and brings up real hosts, three files at a time (each has a lab of its own). */
export default defineConfig({
  root,
  resolve: { alias },
  test: {
    projects: [
      {
        root,
        resolve: { alias },
        test: {
          name: "unit",
          include: [
            "packages/**/*.test.ts",
            "apps/**/*.test.{ts,tsx}",
            "prisma/**/*.test.ts",
            "test/architecture/**/*.test.ts",
          ],
          exclude,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        root,
        resolve: { alias },
        test: {
          name: "lab",
          include: [
            "test/lab/**/*.test.ts",
            "test/integration/**/*.test.ts",
            "test/conformance/**/*.test.ts",
            "test/e2e/**/*.test.ts",
            "test/endurance/**/*.test.ts",
          ],
          exclude,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
