/**
 * Runs every suite, one after another, and ends with `N passed, N failed` over all of them. A suite that could not run at all counts as a failure,
 * and so does one that ran no test: silence is never green.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

const projects = ["unit", "lab"];

/** @returns the exit code: 0 only where everything passed */
export function runSuites(root, args) {
  const folder = mkdtempSync(join(tmpdir(), "mailbrake-test-"));
  const total = { passed: 0, failed: 0, skipped: 0 };
  const note = (name, passed, failed, skipped, seconds) => {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
    process.stdout.write(
      `  ${name}: ${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""} (${seconds} s)\n`,
    );
  };
  const timed = (work) => {
    const start = Date.now();
    const result = work();
    return [result, Math.round((Date.now() - start) / 1000)];
  };
  const chosen = projects.filter((name) => args.includes(name));
  const filters = args.filter((argument) => !projects.includes(argument));

  if (args.length === 0) {
    const [lint, seconds] = timed(() =>
      spawnSync(process.execPath, [join(root, "node_modules/@biomejs/biome/bin/biome"), "check", "."], {
        cwd: root,
        stdio: "inherit",
      }),
    );
    note("lint", lint.status === 0 ? 1 : 0, lint.status === 0 ? 0 : 1, 0, seconds);
  }
  for (const name of chosen.length > 0 ? chosen : projects) {
    const report = join(folder, `${name}.json`);
    process.stdout.write(`\n▸ ${name}\n`);
    const [result, seconds] = timed(() =>
      spawnSync(
        process.execPath,
        [
          join(root, "node_modules/vitest/vitest.mjs"),
          "run",
          "--config",
          join(root, "test/vitest.config.ts"),
          "--project",
          name,
          "--reporter=default",
          "--reporter=json",
          `--outputFile.json=${report}`,
          // vitest would leave a core idle; labs wait most of their time (for retries, for clocks): one more of them than there are cores on a small machine.
          `--maxWorkers=${name === "lab" ? 3 : Math.max(2, availableParallelism() - 1)}`,
          ...filters,
        ],
        { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
      ),
    );
    if (!existsSync(report)) {
      process.stdout.write(`  ${name}: DID NOT RUN (exit ${result.status ?? result.signal}); counted as a failure\n`);
      total.failed += 1;
      continue;
    }
    const outcome = JSON.parse(readFileSync(report, "utf8"));
    // A file that can't be loaded has no failed test of its own; vitest counts it as a failed suite.
    const brokenFiles = outcome.testResults.filter(
      (file) => file.status === "failed" && file.assertionResults.length === 0,
    ).length;
    const passed = outcome.numPassedTests;
    let failed = outcome.numFailedTests + brokenFiles;
    if (failed === 0 && (result.status !== 0 || passed === 0)) failed = 1;
    note(name, passed, failed, outcome.numPendingTests + outcome.numTodoTests, seconds);
  }
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(
    `\n${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ""}\n`,
  );
  return total.failed === 0 ? 0 : 1;
}
