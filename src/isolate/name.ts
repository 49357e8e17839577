import { digestOfSchema, unannotated } from "../registry/served.ts";
import type { Answers, Questions } from "./question.ts";
import { readSchema } from "./read-schema.ts";

/** Tells which schema a body brings, however it is spelt. */
export function nameSchema({ body }: Questions["name"]): Answers["name"] {
  const read = readSchema(body);
  return read.ok ? { kind: "named", digest: digestOfSchema(unannotated(read.schema)) } : read.why;
}
