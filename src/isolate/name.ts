import { digestOfSchema, unannotated } from "../registry/served.ts";
import type { Answers, Questions } from "./question.ts";
import { readSchema } from "./read-schema.ts";

/** Computes the digest of the schema in a body. Every spelling of a schema has the same digest. */
export function nameSchema({ body }: Questions["name"]): Answers["name"] {
  const read = readSchema(body);
  return read.ok ? { kind: "named", digest: digestOfSchema(unannotated(read.schema)) } : read.why;
}
