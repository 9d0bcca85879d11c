/** The files that git knows or would take, so that what is generated or installed never counts. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const repositoryRoot = fileURLToPath(new URL("../..", import.meta.url));

export interface SourceFile {
  /** Relative to the repository's root, with forward slashes. */
  path: string;
  text: string;
}

/** Every source file with one of these endings (`.ts`, `.sh` …), below `folder` where given. */
export function sourceFiles(endings: readonly string[], folder = ""): SourceFile[] {
  const listed = execFileSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", folder || "."],
    {
      cwd: repositoryRoot,
      encoding: "utf8",
      maxBuffer: 64 * 1_048_576,
    },
  );
  const paths = [...new Set(listed.split("\0"))].filter((path) => endings.some((ending) => path.endsWith(ending)));
  return paths.flatMap((path) => {
    try {
      return [{ path, text: readFileSync(`${repositoryRoot}${path}`, "utf8") }];
    } catch (error) {
      // Listed by git but deleted in the working tree: there is nothing to hold to a rule.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  });
}
