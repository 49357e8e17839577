/** Formats in which a checking command prints its findings. */
export const FORMATS = ["text", "json", "github", "junit"] as const;
export type Format = (typeof FORMATS)[number];

/** One finding and its place. Lines and columns count from 1. */
export type ReportFinding = {
  readonly level: "error" | "warning" | "notice";
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly code: string;
  readonly message: string;
  /** What to do; null when there is nothing. */
  readonly remedy: string | null;
};

/** One checked item. It fails when it has an error; warnings and notices are only printed. */
export type ReportCase = { readonly name: string; readonly findings: readonly ReportFinding[] };

/** The results of one run of a command. */
export type Report = { readonly name: string; readonly cases: readonly ReportCase[] };

/** Turns faults of contract files into findings of one level. */
export function findingsOf(
  faults: readonly Omit<ReportFinding, "level">[],
  level: ReportFinding["level"] = "error",
): readonly ReportFinding[] {
  return faults.map(({ file, line, column, code, message, remedy }) => {
    return { level, file, line, column, code, message, remedy };
  });
}

/** Groups findings by file: each given file becomes a case, and so does every other file with findings. */
export function casesByFile(files: readonly string[], findings: readonly ReportFinding[]): readonly ReportCase[] {
  const names = new Set([...files, ...findings.map(({ file }) => file)]);
  return [...names].map((name) => ({ name, findings: findings.filter(({ file }) => file === name) }));
}

/** Workflow commands of GitHub Actions, one per line; they become annotations of the files. */
export function githubLines({ cases }: Report): readonly string[] {
  return cases.flatMap(({ findings }) =>
    findings.map(({ level, file, line, column, code, message, remedy }) => {
      const text = remedy === null ? message : `${message}. ${remedy}`;
      const place = `file=${property(file)},line=${line},col=${column},title=${property(code)}`;
      return `::${level} ${place}::${data(text)}`;
    }),
  );
}

/** Escapes the message of a workflow command, as GitHub's toolkit does. */
function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** Escapes a property, which a colon or a comma would end. */
function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** JUnit XML for CI servers: one suite, one case for each checked item, errors as failures. */
export function junitText({ name, cases }: Report): string {
  const failed = cases.filter(hasFailed).length;
  const counts = `tests="${cases.length}" failures="${failed}" errors="0" skipped="0"`;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${xml(name)}" ${counts}>`,
    `  <testsuite name="${xml(name)}" ${counts}>`,
    ...cases.flatMap((one) => caseLines(name, one)),
    "  </testsuite>",
    "</testsuites>",
  ];
  return lines.join("\n");
}

function hasFailed({ findings }: ReportCase): boolean {
  return findings.some(({ level }) => level === "error");
}

function caseLines(suite: string, one: ReportCase): readonly string[] {
  const head = `    <testcase classname="${xml(suite)}" name="${xml(one.name)}"`;
  if (one.findings.length === 0) return [`${head}/>`];
  const failures = one.findings.filter(({ level }) => level === "error");
  const told = one.findings.filter(({ level }) => level !== "error");
  return [
    `${head}>`,
    ...failures.map((finding) => {
      const { code, message } = finding;
      return `      <failure type="${xml(code)}" message="${xml(message)}">${xml(sentence(finding))}</failure>`;
    }),
    ...(told.length === 0 ? [] : [`      <system-out>${xml(told.map(sentence).join("\n"))}</system-out>`]),
    "    </testcase>",
  ];
}

function sentence({ level, file, line, column, code, message, remedy }: ReportFinding): string {
  return `${file}:${line}:${column}: ${level} ${code} ${message}${remedy === null ? "" : `\n  fix: ${remedy}`}`;
}

/**
 * Escapes a text for XML 1.0. Characters that XML cannot hold (most controls, lone surrogates, U+FFFE and U+FFFF) are
 * omitted.
 */
function xml(text: string): string {
  return Array.from(text, xmlCharacter).join("");
}

function xmlCharacter(character: string): string {
  const named = NAMED[character];
  if (named !== undefined) return named;
  const point = character.codePointAt(0) ?? 0;
  const isControl = point < 0x20 || (point >= 0x7f && point <= 0x9f);
  const isNoCharacter = (point >= 0xd800 && point <= 0xdfff) || point === 0xfffe || point === 0xffff;
  return isControl || isNoCharacter ? "" : character;
}

/** Escapes of characters. White space in an attribute is written by number, or a parser would turn it into blanks. */
const NAMED: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\n": "&#10;",
  "\r": "&#13;",
  "\t": "&#9;",
};
