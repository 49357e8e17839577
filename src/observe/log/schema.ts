import { fieldsOf, LOG_EVENTS, type EventRow } from "./events.ts";
import { ANYWHERE, LOG_FIELDS, type FieldKind, type FieldRow } from "./fields.ts";

const KINDS: Readonly<Record<FieldKind, object>> = {
  string: { type: "string" },
  integer: { type: "integer", minimum: 0 },
  strings: { type: "array", items: { type: "string" } },
  counts: { type: "object", additionalProperties: { type: "integer", minimum: 0 } },
};

/** JSON Schema (2020-12) of a line: each event has its fields, and no others. */
export function logSchema(): object {
  const fields = Object.entries<FieldRow>(LOG_FIELDS).map(([name, { kind, meaning }]): readonly [string, object] => [
    name,
    { ...KINDS[kind], description: meaning },
  ]);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A line of the log of SIGMA-AETL",
    oneOf: Object.entries<EventRow>(LOG_EVENTS).map(([name, row]) => eventSchema(name, row)),
    $defs: Object.fromEntries(fields),
  };
}

function eventSchema(name: string, row: EventRow): object {
  const required = fieldsOf(row);
  const own = [...required, ...row.optional, ...ANYWHERE].map((field): readonly [string, object] => [
    field,
    { $ref: `#/$defs/${field}` },
  ]);
  const envelope = {
    time: { type: "string", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z$" },
    level: { const: row.level },
    msg: row.message === null ? { type: "string" } : { const: row.message },
    event_name: { const: name },
    "sigma.layer": { const: row.layer ?? "orchestration" },
    "service.name": { const: "sigma-aetl" },
    "process.pid": { type: "integer", minimum: 1 },
  };
  return {
    type: "object",
    properties: { ...envelope, ...Object.fromEntries(own) },
    required: [...Object.keys(envelope), ...required],
    additionalProperties: false,
  };
}
