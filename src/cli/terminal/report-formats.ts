/** How a command that judges prints what it found. */
export const FORMATS = ["text", "json", "github", "junit"] as const;
export type Format = (typeof FORMATS)[number];

/** One thing found, at its place. Lines and columns count from 1. */
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

/** One thing that was judged. It failed when it has an error; warnings and notices are only told. */
export type ReportCase = { readonly name: string; readonly findings: readonly ReportFinding[] };

/** What one run of a command judged. */
export type Report = { readonly name: string; readonly cases: readonly ReportCase[] };

/** Faults of contract files as findings of one level. */
export function findingsOf(
  faults: readonly Omit<ReportFinding, "level">[],
  level: ReportFinding["level"] = "error",
): readonly ReportFinding[] {
  return faults.map(({ file, line, column, code, message, remedy }) => {
    return { level, file, line, column, code, message, remedy };
  });
}

/**
 * Faults gathered under what was judged: each case gets the faults of its file, and faults of other files become cases of
 * their own.
 */
export function casesByFile(files: readonly string[], findings: readonly ReportFinding[]): readonly ReportCase[] {
  const names = new Set([...files, ...findings.map(({ file }) => file)]);
  return [...names].map((name) => ({ name, findings: findings.filter(({ file }) => file === name) }));
}

/** Workflow commands of GitHub Actions, one a line: they become annotations of the files. */
export function githubLines({ cases }: Report): readonly string[] {
  return cases.flatMap(({ findings }) =>
    findings.map(({ level, file, line, column, code, message, remedy }) => {
      const text = remedy === null ? message : `${message}. ${remedy}`;
      const place = `file=${property(file)},line=${line},col=${column},title=${property(code)}`;
      return `::${level} ${place}::${data(text)}`;
    }),
  );
}

/** As the runner's own toolkit escapes the message of a command. */
function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** In a property a colon and a comma end it. */
function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** JUnit XML, as CI servers read it: one suite, a case for each thing that was judged, errors as failures. */
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

/** XML 1.0 has no way to write most control characters, lone surrogates and U+FFFE and U+FFFF: they are left out. */
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

/** White space inside an attribute would be turned into blanks if it were not written as a number. */
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
