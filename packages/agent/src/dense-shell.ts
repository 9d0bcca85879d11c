/**
 * Takes out of shell text what no POSIX shell needs: comments, and spaces around operators; and the same out of the awk programs in it
 * (the quoted words of a command called awk or …_awk, and of a variable with AWK in its name) and of bash (a variable called …_BASH). Strings, here-documents and names stay as they are.
 */
import { denseAwk } from "./dense-awk.ts";

type ProgramEditor = (program: string) => string;

interface Token {
  readonly kind: "word" | "operator" | "newline";
  readonly text: string;
  readonly spaced: boolean;
  /** A newline after it ends nothing: after `;;`, `&&`, and the parenthesis of a pattern. */
  readonly goesOn: boolean;
}

const operatorPattern = /^(?:\d*(?:<<-?|>>|<&|>&|<>|>\||<|>)|;;|&&|\|\||[;&|()])/;
/** Words after which a command begins. */
const openers = new Set("if then elif else while until do { ! time".split(" "));

/**
 * The same script, as short as it gets without renaming or rearranging anything.
 * @param programs what is done with each awk program in it; null leaves them as they are
 * @throws Error at quotes or parentheses that do not pair
 */
export function denseShell(text: string, programs: ProgramEditor | null = denseAwk): string {
  return new ShellReader(text, programs).list(false);
}

class ShellReader {
  readonly #text: string;
  #at = 0;
  /** Delimiters of the here-documents that begin after this line; empty until it is read. */
  #documents: string[] = [];
  readonly #programs: ProgramEditor | null;

  constructor(text: string, programs: ProgramEditor | null) {
    this.#text = text;
    this.#programs = programs;
  }

  get rest(): string {
    return this.#text.slice(this.#at);
  }

  get ended(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Reads to the end, or to the parenthesis that closes a command substitution (which it leaves there). */
  list(inside: boolean): string {
    const tokens: Token[] = [];
    const cases: ("subject" | "pattern" | "body")[] = [];
    let parentheses = 0;
    let spaced = false;
    let begins = true;
    let command = "";
    const add = (kind: Token["kind"], text: string, goesOn = false) => {
      tokens.push({ kind, text, spaced, goesOn });
      spaced = false;
    };
    while (!this.ended) {
      const rest = this.rest;
      const space =
        /^(?:[ \t]|\\\n)+/.exec(rest)?.[0] ??
        (spaced || begins || tokens.at(-1)?.kind !== "word" ? /^#.*/.exec(rest)?.[0] : undefined);
      if (space !== undefined) {
        this.#at += space.length;
        spaced = true;
        continue;
      }
      if (rest.startsWith("\n")) {
        this.#at += 1;
        add("newline", `\n${this.#documentBodies()}`);
        begins = true;
        command = "";
        continue;
      }
      const operator = operatorPattern.exec(rest)?.[0];
      if (operator !== undefined) {
        const inPattern = cases.at(-1) === "pattern";
        if (operator === ")" && !inPattern) {
          if (parentheses === 0 && inside) return joined(tokens);
          parentheses -= 1;
          if (parentheses < 0) throw new Error(`shell: a parenthesis too many: ${rest.slice(0, 80)}`);
        }
        if (operator === "(" && !inPattern) parentheses += 1;
        if (operator === ")" && inPattern) cases[cases.length - 1] = "body";
        if (operator === ";;") cases[cases.length - 1] = "pattern";
        this.#at += operator.length;
        add("operator", operator, /^(?:;;|&&|\|\||\|)$/.test(operator) || (operator === ")" && inPattern));
        if (/<<-?$/.test(operator)) this.#documents.push("");
        if (!/[<>]/.test(operator)) {
          begins = true;
          command = "";
        }
        continue;
      }
      const start = this.#at;
      const text = this.#word(command);
      const plain = this.#text.slice(start, this.#at);
      const redirects = /[<>]&?$/.test(tokens.at(-1)?.text ?? "") && tokens.at(-1)?.kind === "operator";
      if (redirects) {
        if (this.#documents.at(-1) === "") this.#documents[this.#documents.length - 1] = plain.replace(/['"\\]/g, "");
        add("word", text);
        continue;
      }
      add("word", text);
      const state = cases.at(-1);
      if (state === "pattern" && plain !== "esac") continue;
      if (state === "subject") {
        if (plain === "in") cases[cases.length - 1] = "pattern";
        continue;
      }
      if (!begins) continue;
      if (plain === "case") cases.push("subject");
      if (plain === "esac") cases.pop();
      if (plain === "case" || openers.has(plain)) begins = plain !== "case";
      else if (!/^[A-Za-z_]\w*=/.test(plain)) {
        begins = false;
        command = plain;
      }
    }
    if (inside) throw new Error("shell: a command substitution does not end");
    return joined(tokens);
  }

  /** One word; `command` is the one that it is an argument of. */
  #word(command: string): string {
    const start = this.#at;
    let out = "";
    while (!this.ended) {
      const rest = this.rest;
      const first = rest.charAt(0);
      if (/[\s;&|()<>]/.test(first)) break;
      if (first === "'") {
        const text = this.#taken(/^'[^']*'/);
        const assigned = /^([A-Za-z_]\w*)=$/.exec(this.#text.slice(start, this.#at - text.length))?.[1];
        const isAwk = (/(^|_)awk$/.test(command) || assigned?.includes("AWK") === true) && text.includes("{");
        const edited = isAwk && this.#programs?.(text.slice(1, -1));
        if (typeof edited === "string") out += this.#awk(text.slice(1, -1), edited, assigned !== undefined, out !== "");
        else if (this.#programs && assigned?.endsWith("_BASH"))
          out += `'${denseShell(text.slice(1, -1), this.#programs)}'`;
        else out += text;
      } else if (first === '"') out += this.#doubleQuoted();
      else if (first === "$") out += this.#dollar();
      else if (first === "`") throw new Error("shell: write $( ) for a command substitution");
      else out += this.#taken(/^(?:\\[\s\S]|[^\s;&|()<>'"$`\\]+)/);
    }
    return out;
  }

  /** The edited program in its quotes; a newline at an edge stays where other text may stand beside it. */
  #awk(program: string, edited: string, assigned: boolean, follows: boolean): string {
    const newline = (kept: boolean, found: RegExpExecArray | null) => (found && kept ? "\n" : "");
    const continues = /^["'$]/.test(this.rest);
    return `'${newline(assigned || follows, /^\s*\n/.exec(program))}${edited.trim()}${newline(assigned || continues, /\n\s*$/.exec(program))}'`;
  }

  #doubleQuoted(): string {
    let out = this.#taken(/^"/);
    while (!this.rest.startsWith('"')) {
      out += this.rest.startsWith("$") ? this.#dollar() : this.#taken(/^(?:\\[\s\S]|[^"$\\`]+)/);
    }
    return out + this.#taken(/^"/);
  }

  #dollar(): string {
    const rest = this.rest;
    if (rest.startsWith("$((")) return this.#arithmetic();
    if (rest.startsWith("$(")) {
      this.#at += 2;
      const list = this.list(true);
      this.#at += 1;
      // `$((` would be arithmetic
      return `$(${list.startsWith("(") ? " " : ""}${list.trim()})`;
    }
    if (rest.startsWith("${")) return this.#braced();
    return this.#taken(/^\$(?:[A-Za-z_]\w*|.|$)/);
  }

  #arithmetic(): string {
    const start = this.#at;
    let open = 0;
    do {
      const character = this.#text.charAt(this.#at);
      if (character === "") throw new Error("shell: an arithmetic expansion does not end");
      if (character === "(") open += 1;
      if (character === ")") open -= 1;
      this.#at += 1;
    } while (open > 0 || this.#at - start < 3);
    const text = this.#text.slice(start, this.#at);
    // signs that would become one operator, and what would begin with three parentheses
    return /[-+] [-+]|["']/.test(text) || text.startsWith("$(( (") ? text : text.replaceAll(" ", "");
  }

  #braced(): string {
    let out = this.#taken(/^\$\{/);
    while (!this.rest.startsWith("}")) {
      if (this.rest.startsWith("$")) out += this.#dollar();
      else if (this.rest.startsWith('"')) out += this.#doubleQuoted();
      else out += this.#taken(/^(?:\\[\s\S]|[^}$"\\]+)/);
    }
    return out + this.#taken(/^\}/);
  }

  #taken(pattern: RegExp): string {
    const found = pattern.exec(this.rest)?.[0];
    if (found === undefined) throw new Error(`shell: can't read: ${this.rest.slice(0, 80)}`);
    this.#at += found.length;
    return found;
  }

  #documentBodies(): string {
    let out = "";
    for (const delimiter of this.#documents.splice(0)) {
      for (;;) {
        const line = this.#taken(/^.*\n/);
        out += line;
        if (line.trim() === delimiter) break;
      }
    }
    return out;
  }
}

/** The tokens with a space where two would else be read otherwise. */
function joined(tokens: readonly Token[]): string {
  let out = "";
  tokens.forEach((token, index) => {
    const before = tokens[index - 1];
    const next = tokens[index + 1];
    if (
      token.text === "\n" &&
      (next?.text === ";;" || before === undefined || before.goesOn || before.kind === "newline")
    )
      return;
    if (before !== undefined && token.spaced && needsSpace(before, token)) out += " ";
    out += token.text;
  });
  return out;
}

function needsSpace(before: Token, after: Token): boolean {
  if (before.kind === "newline" || after.kind === "newline") return false;
  if (before.kind === "word" && after.kind === "word") return true;
  if (before.kind === "word")
    return after.text === "(" || /^\d/.test(after.text) || (/^[<>]/.test(after.text) && /[\d\\&]$/.test(before.text));
  if (after.kind === "word") return /^#/.test(after.text);
  if (before.text === ")") return !/^(?:;;?|&&|\|\||\||[<>].*)$/.test(after.text);
  return !(after.text === "(" && /^(?:;|&&|\|\||\|)$/.test(before.text));
}
