/** Takes out of an awk program what no awk needs: comments, spaces and newlines that separate nothing. Tokens stay what and where they are. */

interface Token {
  readonly kind: "word" | "number" | "string" | "regex" | "operator" | "newline";
  readonly text: string;
  /** Whether white space stood before it. */
  readonly spaced: boolean;
}

const operators = ["&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "==", "<=", ">=", "!=", "!~", ">>"];
/** Words after which an operand comes, and which are no names: a parenthesis after them is no call. */
const keywords = new Set("print printf return else do in if while for getline delete exit function".split(" "));

function operatorAt(text: string, at: number): string {
  return operators.find((operator) => text.startsWith(operator, at)) ?? text.charAt(at);
}

/** Whether a slash after this token begins a regular expression, and is no division. */
function beforeOperand(token: Token | undefined): boolean {
  if (token === undefined || token.kind === "newline") return true;
  if (token.kind === "word") return keywords.has(token.text);
  return token.kind === "operator" && ![")", "]", "++", "--"].includes(token.text);
}

/**
 * The tokens of an awk program.
 * @throws Error at a string or regular expression that does not end on its line
 */
export function awkTokens(program: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let spaced = false;
  const add = (kind: Token["kind"], text: string) => {
    tokens.push({ kind, text, spaced });
    at += text.length;
    spaced = false;
  };
  while (at < program.length) {
    const rest = program.slice(at);
    const space = /^(?:[ \t]|\\\n|#.*)+/.exec(rest)?.[0];
    if (space !== undefined) {
      at += space.length;
      spaced = true;
      continue;
    }
    const first = rest.charAt(0);
    if (first === "\n") add("newline", "\n");
    else if (first === '"') add("string", quoted(/^"(?:[^"\\\n]|\\[\s\S])*"/, rest));
    else if (first === "/" && beforeOperand(tokens.at(-1))) add("regex", quoted(/^\/(?:[^/\\\n]|\\.)*\//, rest));
    else {
      const word = /^[A-Za-z_][A-Za-z0-9_]*/.exec(rest)?.[0];
      const number = /^(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/.exec(rest)?.[0];
      if (word !== undefined) add("word", word);
      else if (number !== undefined) add("number", number);
      else add("operator", operatorAt(program, at));
    }
  }
  return tokens;
}

function quoted(pattern: RegExp, rest: string): string {
  const found = pattern.exec(rest)?.[0];
  if (found === undefined) throw new Error(`awk: does not end on its line: ${rest.slice(0, 60)}`);
  return found;
}

/** Whether these two would be read otherwise without the space between them. */
function needsSpace(before: Token, after: Token): boolean {
  const wordish = (token: Token) => token.kind === "word" || token.kind === "number";
  if (wordish(before) && wordish(after)) return true;
  if (before.kind === "word" && after.text === "(") return after.spaced && !keywords.has(before.text);
  if (before.kind === "operator" && after.kind === "operator") {
    if (/[-+]$/.test(before.text) && /^[-+]/.test(after.text)) return true;
    return operatorAt(before.text + after.text, 0) !== before.text;
  }
  // a number before a dot or letter, a regular expression before anything that is no operator: never written so, never joined
  return before.kind === "regex" && after.kind !== "operator" && after.kind !== "newline";
}

/** Whether a newline after `before` ends nothing. At the outermost level it stays: not every awk takes two actions without. */
function endsNothing(before: Token | undefined, after: Token | undefined, depth: number): boolean {
  if (before === undefined || before.kind === "newline") return true;
  if (["{", ",", "&&", "||"].includes(before.text) || before.text === "else" || before.text === "do") return true;
  if (depth === 0) return false;
  return before.text === ";" || before.text === "}" || after?.text === "}";
}

/**
 * The same program, as short as it gets without renaming anything. A program with braces that do not pair (a piece of one) is given back as it is.
 */
export function denseAwk(program: string): string {
  const tokens = awkTokens(program);
  const braces = tokens.reduce((sum, { text }) => sum + (text === "{" ? 1 : text === "}" ? -1 : 0), 0);
  if (braces !== 0) return program;
  const kept: Token[] = [];
  let depth = 0;
  tokens.forEach((token, index) => {
    const before = kept.at(-1);
    const after = tokens.slice(index + 1).find((next) => next.kind !== "newline");
    if (token.kind === "newline" && endsNothing(before, after, depth)) return;
    if (
      token.text === ";" &&
      after?.text === "}" &&
      before !== undefined &&
      /^[\w\]"]/.test(before.text) &&
      !keywords.has(before.text)
    )
      return;
    if (token.text === "{") depth += 1;
    if (token.text === "}") depth -= 1;
    kept.push(token);
  });
  let out = "";
  kept.forEach((token, index) => {
    const before = kept[index - 1];
    if (before !== undefined && before.kind !== "newline" && token.kind !== "newline" && needsSpace(before, token))
      out += " ";
    out += token.text;
  });
  return out;
}
