import type { JsonObject, JsonValue } from "../json/json.ts";
import { compileNode } from "./compile.ts";
import { FORMATS } from "./formats/formats.ts";
import type { Node } from "./node.ts";
import { createReport } from "./report.ts";
import { readResources } from "./resources.ts";
import type { Violation } from "./violation.ts";

/** A JSON Schema 2020-12, ready to judge. */
export type CompiledSchema = {
  /** The hot path. Never throws, never changes the payload. */
  readonly accepts: (payload: JsonValue) => boolean;
  /** Why it does not: in a fixed order, at most `VIOLATIONS_MAX`. Asked only after `accepts` said no. */
  readonly explain: (payload: JsonValue) => readonly Violation[];
};

export type SchemaOptions = {
  /** Whether `format` is asserted or a note. */
  readonly formats?: "assert" | "annotate";
  /** Other documents by absolute URI (only the conformance suite has any). */
  readonly references?: ReadonlyMap<string, JsonObject | boolean>;
};

/**
 * Compiles a schema that `refuseSchema` has nothing against. `default` changes nothing; nothing is coerced or removed.
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
        // Nested deeper than the stack: the record fails visibly, the stream goes on.
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
