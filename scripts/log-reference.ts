import { fieldsOf, LOG_EVENTS, type EventRow } from "../src/observe/log/events.ts";
import { ANYWHERE, ENVELOPE, LOG_FIELDS, type FieldRow } from "../src/observe/log/fields.ts";
import { markdownTable as table } from "./markdown-table.ts";

/** The page of the log: what a line holds, and every line there is. */
export function logsPage(generated: string): string {
  const envelope = Object.entries(ENVELOPE).map(([name, meaning]) => [`\`${name}\``, meaning]);
  const fields = Object.entries<FieldRow>(LOG_FIELDS).map(([name, { kind, short, meaning }]) => [
    `\`${name}\``,
    kind,
    `\`${short}\``,
    meaning,
  ]);
  const events = Object.entries<EventRow>(LOG_EVENTS).map(([name, row]) => [
    `\`${name}\``,
    row.level,
    row.message ?? "(says what happened)",
    [...fieldsOf(row).map((field) => `\`${field}\``), ...row.optional.map((field) => `\`${field}\`?`)].join(" "),
  ]);
  return `# The log

${generated}

\`sigma start\` writes its log to standard error: one JSON object a line, or lines for people where standard error is a terminal
(\`log.format\`). [logs.schema.json](logs.schema.json) is the JSON Schema of a line, and every line that the program can write conforms to it.
No line holds a payload, a key, or a header of a record besides the ids of its trace. [Logs](../logs.md) says how to read them.

## Every line

${table(["Field", "Meaning"], envelope)}

Any line may have ${ANYWHERE.map((name) => `\`${name}\``).join(" and ")}.

## What happened

A field with \`?\` is there where it is known.

${table(["`event_name`", "Level", "`msg`", "Fields"], events)}

## Fields

Offsets are decimal strings, as 64-bit integers are in the JSON of OTLP. Lines for people have the short names.

${table(["Field", "Type", "Short", "Meaning"], fields)}
`;
}
