/**
 * The result of a scan. `at` is an index into the scanned bytes: the end of the text, or the place where it violates
 * the grammar.
 */
export type Scan =
  | { readonly kind: "more" }
  | { readonly kind: "end"; readonly at: number }
  | { readonly kind: "fault"; readonly at: number; readonly message: string };

/**
 * Finds the end of one JSON text (RFC 8259) in bytes that arrive in chunks. Memory grows only with the nesting depth.
 */
export type TextScanner = {
  /** Continues at `from`. The very first byte must begin the text: no white space before it. */
  readonly scan: (bytes: Uint8Array, from: number) => Scan;
  /** Whether the text is complete if no more bytes arrive; only a number needs this. */
  readonly endsHere: () => boolean;
};

/** What may come next. */
type State =
  | "value"
  | "value-or-close"
  | "key"
  | "key-or-close"
  | "colon"
  | "comma-or-close"
  | "string"
  | "escape"
  | "hex"
  | "word"
  | "minus"
  | "zero"
  | "integer"
  | "point"
  | "fraction"
  | "exponent"
  | "exponent-sign"
  | "exponent-digits";

const WORDS: Readonly<Record<string, string>> = { t: "true", f: "false", n: "null" };
/** States in which a number may end. */
const NUMBER_ENDS: ReadonlySet<State> = new Set(["zero", "integer", "fraction", "exponent-digits"]);
/** A text nested deeper is not a record, and each level costs memory. */
const DEPTH_MAX = 1_000_000;

const MORE: Scan = { kind: "more" };

/** The state of a scan. */
type Machine = {
  readonly open: ("{" | "[")[];
  state: State;
  /** Whether the current string is a key. */
  isKey: boolean;
  word: string;
  /** Letters of the word, or digits of a `\u` escape, that were matched so far. */
  matched: number;
};

/**
 * Creates a scanner. States: a value's first byte tells its kind; inside a container a value is followed by a comma or
 * the closing bracket, a key by its colon. Outside containers the text ends with its value; a number ends before the
 * first byte that does not belong to it.
 */
export function createTextScanner(): TextScanner {
  const machine: Machine = { open: [], state: "value", isKey: false, word: "", matched: 0 };
  return {
    scan: (bytes, from) => scan(machine, bytes, from),
    endsHere: () => machine.open.length === 0 && NUMBER_ENDS.has(machine.state),
  };
}

function scan(machine: Machine, bytes: Uint8Array, from: number): Scan {
  for (let at = from; at < bytes.length; at += 1) {
    if (machine.state === "string") {
      at = stringEnd(bytes, at);
      const stop = bytes[at];
      if (stop === undefined) return MORE;
      if (stop === QUOTE) machine.state = machine.isKey ? "colon" : "comma-or-close";
      else if (stop === BACKSLASH) machine.state = "escape";
      else return { kind: "fault", at, message: "a string has a control character, as a line feed" };
    } else {
      const symbol = String.fromCharCode(bytes[at] ?? 0);
      const next = NUMBER[machine.state]?.(symbol);
      if (next !== undefined) {
        machine.state = next;
        continue;
      }
      if (NUMBER_ENDS.has(machine.state)) {
        machine.state = "comma-or-close";
        if (machine.open.length === 0) return { kind: "end", at };
      }
      if (isSpace(bytes[at]) && !INNER.has(machine.state)) continue;
      const wrong = step(machine, symbol);
      if (wrong !== null) return { kind: "fault", at, message: wrong };
    }
    if (machine.state === "comma-or-close" && machine.open.length === 0) return { kind: "end", at: at + 1 };
  }
  return MORE;
}

/** Processes one byte outside strings and numbers. @returns the fault, or null. */
function step(machine: Machine, symbol: string): string | null {
  switch (machine.state) {
    case "value":
      return begin(machine, symbol);
    case "value-or-close":
      return symbol === "]" && close(machine, symbol) ? null : begin(machine, symbol);
    case "key":
    case "key-or-close":
      if (symbol === "}" && machine.state === "key-or-close" && close(machine, symbol)) return null;
      if (symbol !== '"') return "a key is expected";
      machine.isKey = true;
      machine.state = "string";
      return null;
    case "colon":
      if (symbol !== ":") return "a colon is expected";
      machine.state = "value";
      return null;
    case "comma-or-close":
      if ((symbol === "}" || symbol === "]") && close(machine, symbol)) return null;
      if (symbol !== ",") return "a comma or the end of what is open is expected";
      machine.state = machine.open.at(-1) === "{" ? "key" : "value";
      return null;
    case "word":
      if (symbol !== machine.word[machine.matched]) return "a value is expected";
      machine.matched += 1;
      if (machine.matched === machine.word.length) machine.state = "comma-or-close";
      return null;
    case "escape":
      if (!/["\\/bfnrtu]/.test(symbol)) return "a string has an invalid escape";
      machine.matched = 0;
      machine.state = symbol === "u" ? "hex" : "string";
      return null;
    case "hex":
      if (!/[0-9A-Fa-f]/.test(symbol)) return "a string has an invalid escape";
      machine.matched += 1;
      if (machine.matched === 4) machine.state = "string";
      return null;
    case "string":
    case "minus":
    case "zero":
    case "integer":
    case "point":
    case "fraction":
    case "exponent":
    case "exponent-sign":
    case "exponent-digits":
      return "a digit is expected";
  }
}

function begin(machine: Machine, symbol: string): string | null {
  if (symbol === "{" || symbol === "[") {
    if (machine.open.length === DEPTH_MAX) return "it is nested too deep";
    machine.open.push(symbol);
    machine.state = symbol === "{" ? "key-or-close" : "value-or-close";
  } else if (symbol === '"') {
    machine.isKey = false;
    machine.state = "string";
  } else if (symbol === "-") machine.state = "minus";
  else if (symbol === "0") machine.state = "zero";
  else if (isDigit(symbol)) machine.state = "integer";
  else {
    const expected = WORDS[symbol];
    if (expected === undefined) return "a value is expected";
    machine.state = "word";
    machine.word = expected;
    machine.matched = 1;
  }
  return null;
}

function close(machine: Machine, symbol: string): boolean {
  if (machine.open.at(-1) !== (symbol === "}" ? "{" : "[")) return false;
  machine.open.pop();
  machine.state = "comma-or-close";
  return true;
}

/** States in which white space is not allowed between tokens. */
const INNER: ReadonlySet<State> = new Set(["word", "escape", "hex", "minus", "point", "exponent", "exponent-sign"]);

function isDigit(symbol: string): boolean {
  return symbol.length === 1 && symbol >= "0" && symbol <= "9";
}
function exponent(symbol: string): State | undefined {
  return symbol === "e" || symbol === "E" ? "exponent" : undefined;
}

/** The transitions inside a number. */
const NUMBER: Readonly<Partial<Record<State, (symbol: string) => State | undefined>>> = {
  minus: (symbol) => (symbol === "0" ? "zero" : isDigit(symbol) ? "integer" : undefined),
  zero: (symbol) => (symbol === "." ? "point" : exponent(symbol)),
  integer: (symbol) => (isDigit(symbol) ? "integer" : symbol === "." ? "point" : exponent(symbol)),
  point: (symbol) => (isDigit(symbol) ? "fraction" : undefined),
  fraction: (symbol) => (isDigit(symbol) ? "fraction" : exponent(symbol)),
  exponent: (symbol) =>
    symbol === "+" || symbol === "-" ? "exponent-sign" : isDigit(symbol) ? "exponent-digits" : undefined,
  "exponent-sign": (symbol) => (isDigit(symbol) ? "exponent-digits" : undefined),
  "exponent-digits": (symbol) => (isDigit(symbol) ? "exponent-digits" : undefined),
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The index of the first byte that is not a plain character of a string. */
function stringEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE || byte === BACKSLASH || byte < 0x20) break;
  }
  return at;
}

/** The number of JSON texts in the bytes; 0 when there is anything other than texts and white space. */
export function countTexts(bytes: Uint8Array): number {
  let count = 0;
  for (let at = 0; ; count += 1) {
    while (at < bytes.length && isSpace(bytes[at])) at += 1;
    if (at === bytes.length) return count;
    const scanner = createTextScanner();
    const found = scanner.scan(bytes, at);
    if (found.kind === "fault" || (found.kind === "more" && !scanner.endsHere())) return 0;
    at = found.kind === "end" ? found.at : bytes.length;
  }
}

/** Whether a byte is JSON white space. */
export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
