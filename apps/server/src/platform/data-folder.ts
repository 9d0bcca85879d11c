/**
 * Purpose: takes the data folder for this server and says in words what is wrong with it.
 * Guarantees: mode 0700; no second server on the same data.
 * How it fails: StartError with what to do. If killed: the lock goes with the process.
 */
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type FolderLock, lockFolder } from "@mailbrake/prisma";

/** Why the server can't start, in a sentence that says what to do. */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StartError";
  }
}

/** Not `recursive`: Node's own goes round for ever where the kernel answers ENOENT to mkdir (/proc). */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** @throws StartError */
export function takeDataFolder(folder: string): FolderLock {
  try {
    makeFolder(folder);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const lock = lockFolder(folder);
    if (lock) return lock;
  } catch (error) {
    throw explainDataError(error, folder);
  }
  throw new StartError(
    `Another Mailbrake server is running on the data in ${folder}. Stop that one first, or give this one a folder of its own in MAILBRAKE_DATA.`,
  );
}

/** Puts what the file system or SQLite says about the data folder into words. */
export function explainDataError(error: unknown, folder: string): StartError {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const said = `${code} ${message}`;
  if (/ENOSPC|EDQUOT|SQLITE_FULL|disk is full/.test(said))
    return new StartError(`The disk that holds ${folder} is full. Free some space there and start again.`, {
      cause: error,
    });
  if (/EACCES|EPERM|EROFS|ENOENT|SQLITE_READONLY|SQLITE_CANTOPEN/.test(said))
    return new StartError(
      `The data folder ${folder} can't be written to. Make it writable for this user, or name another in MAILBRAKE_DATA. (${message})`,
      { cause: error },
    );
  if (/ENOTDIR|EEXIST/.test(said))
    return new StartError(`MAILBRAKE_DATA: ${folder} is not a folder; name one. (${message})`, { cause: error });
  return new StartError(`The data in ${folder} can't be used: ${message}`, { cause: error });
}
