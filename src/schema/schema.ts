import type { JsonObject, JsonValue } from "../json/json.ts";
import { compileNode } from "./compile.ts";
import { FORMATS } from "./formats/formats.ts";
import type { Node } from "./node.ts";
import { createReport } from "./report.ts";
import { readResources } from "./resources.ts";
import type { Violation } from "./violation.ts";

/** A compiled JSON Schema 2020-12. */
export type CompiledSchema = {
  /** The hot path. Never throws, never changes the payload. */
  readonly accepts: (payload: JsonValue) => boolean;
  /** The violations, in a fixed order, at most `VIOLATIONS_MAX`. Called only after `accepts` returned false. */
  readonly explain: (payload: JsonValue) => readonly Violation[];
};

export type SchemaOptions = {
  /** Whether `format` is asserted or only informs readers. */
  readonly formats?: "assert" | "annotate";
  /** Other documents by absolute URI (only the conformance suite has any). */
  readonly references?: ReadonlyMap<string, JsonObject | boolean>;
};

/**
 * Compiles a schema that `refuseSchema` accepts. `default` is ignored; nothing is coerced or removed.
 * @throws when the schema does not compile.
 */
export function compileSchema(schema: JsonObject | boolean, options: SchemaOptions = {}): CompiledSchema {
  const formats = options.formats === "assert" ? FORMATS : null;
  const node: Node = compileNode({ resources: readResources(schema, options.references), formats });
  return {
    accepts: (payload) => {
      try {
        return node.accepts(payload);
      } catch (error) {
        // The payload is nested deeper than the stack allows: the record becomes FAILED, and the stream continues.
        if (error instanceof RangeError) return false;
        throw error;
      }
    },
    explain: (payload) => {
      const report = createReport();
      try {
        node.explain(payload, null, report);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
      return report.violations.length > 0 ? report.violations : [UNEXPLAINED];
    },
  };
}

const UNEXPLAINED: Violation = {
  pointer: "",
  keyword: "",
  schemaPath: "",
  message: "does not match the schema",
  expected: "a value that matches the schema",
  got: "another",
};
