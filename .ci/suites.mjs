/**
 * Runs every suite, one after another, and ends with `N passed, N failed` over all of them. A suite that could not run at all counts as a failure,
 * and so does one that ran no test: silence is never green.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative } from "node:path";

const projects = ["unit", "lab"];
// More than this is no accident of a busy machine, and later than this there is no time.
const mostFilesAgain = 3;
const latestAgainSeconds = 24 * 60;

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
  const began = Date.now();
  /** One run of vitest. @returns its exit, the seconds it took, and what it reported; null where it could not run */
  const vitest = (name, workers, files) => {
    const report = join(folder, `${name}.json`);
    rmSync(report, { force: true });
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
          `--maxWorkers=${workers}`,
          ...files,
        ],
        { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
      ),
    );
    const outcome = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : null;
    return { exit: result.status ?? result.signal, seconds, outcome };
  };
  /** What failed, as `FILE > TEST`; the file itself where it can't be loaded or set up. */
  const failures = (file) => {
    const tests = file.assertionResults.filter((test) => test.status === "failed");
    const name = relative(root, file.name);
    return tests.length === 0 ? [name] : tests.map((test) => `${name} > ${test.fullName}`);
  };
  const count = (file, ...states) => file.assertionResults.filter((test) => states.includes(test.status)).length;
  const onlyAgain = [];
  for (const name of chosen.length > 0 ? chosen : projects) {
    process.stdout.write(`\n▸ ${name}\n`);
    // vitest would leave a core idle; labs wait most of their time (for retries, for clocks): one more of them than there are cores on a small machine.
    const { exit, seconds, outcome } = vitest(
      name,
      name === "lab" ? 3 : Math.max(2, availableParallelism() - 1),
      filters,
    );
    if (!outcome) {
      process.stdout.write(`  ${name}: DID NOT RUN (exit ${exit}); counted as a failure\n`);
      total.failed += 1;
      continue;
    }
    const red = outcome.testResults.filter((file) => file.status === "failed");
    const passed = outcome.numPassedTests;
    let failed = red.flatMap(failures).length;
    if (failed === 0 && (exit !== 0 || passed === 0)) failed = 1;
    note(name, passed, failed, outcome.numPendingTests + outcome.numTodoTests, seconds);

    if (red.length === 0 || red.length > mostFilesAgain || (Date.now() - began) / 1000 > latestAgainSeconds) continue;
    process.stdout.write(`\n▸ ${name}, once more, alone: what failed (docs/adr/0013)\n`);
    const again = vitest(
      name,
      1,
      red.map((file) => file.name),
    );
    const secondOf = (file) => again.outcome?.testResults.find((one) => one.name === file.name);
    const mended = red.filter((file) => secondOf(file)?.status === "passed" && count(secondOf(file), "passed") > 0);
    // An error outside of all tests is no file's, and stays a failure.
    if (mended.length === red.length && again.exit !== 0) continue;
    for (const file of mended) {
      const second = secondOf(file);
      onlyAgain.push(...failures(file));
      total.failed -= failures(file).length;
      total.passed += count(second, "passed") - count(file, "passed");
      total.skipped += count(second, "pending", "skipped", "todo") - count(file, "pending", "skipped", "todo");
    }
  }
  if (onlyAgain.length > 0)
    process.stdout.write(
      `\nPASSED ONLY WHEN RUN ONCE MORE, ALONE (${onlyAgain.length}):\n${onlyAgain.map((test) => `  ${test}\n`).join("")}`,
    );
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(
    `\n${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ""}\n`,
  );
  return total.failed === 0 ? 0 : 1;
}
