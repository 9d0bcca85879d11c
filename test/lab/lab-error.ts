/** An error of the lab that a person can act on: `message` says what is wrong, `remedy` what to do about it. */
export class LabError extends Error {
  readonly remedy: string | undefined;

  constructor(message: string, remedy?: string) {
    super(remedy === undefined ? message : `${message} ${remedy}`);
    this.name = "LabError";
    this.remedy = remedy;
  }
}
