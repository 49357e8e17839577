import type { FastifyInstance } from "fastify";
import { compareVersions, type Verdict } from "../../contract/compatibility/compare.ts";
import { inForce, unannotated, type Served, type ServedVersion } from "../../contract/registry/served.ts";
import type { JsonObject } from "../../json/json.ts";
import { noSubject } from "./answers.ts";
import { TAKES, usableSchemaIn } from "./body.ts";
import { compatibilitySchemas } from "./schemas.ts";
import { pick } from "./subjects.ts";
import { toJsonText } from "../../json/json-text.ts";

type Asked = { Params: { subject: string; version?: string }; Querystring: { verbose?: string } };

/** Payloads tried at most: a question over HTTP must not hold up decisions. `sigma contract check` looks longer. */
const EFFORT = 1_000;
const SEED = 1;

/**
 * `/compatibility`: whether a schema takes everything that the served version takes (BACKWARD). Of the schemas alone: rules
 * are no part of a schema. "Compatible" is proved; what cannot be proved is told as not compatible, with the reason.
 */
export function registerCompatibility(scope: FastifyInstance, served: () => Served): void {
  for (const url of [
    "/compatibility/subjects/:subject/versions",
    "/compatibility/subjects/:subject/versions/:version",
  ]) {
    scope.post<Asked>(url, { schema: compatibilitySchemas(url), config: TAKES }, async (request) => {
      const { subject, version } = request.params;
      const versions = served().subjects.get(subject);
      if (versions === undefined) throw noSubject(subject);
      const against = version === undefined ? inForce(versions) : [pick(versions, version)];
      const schema = unannotated(usableSchemaIn(request)) as JsonObject | boolean;
      const messages = against.flatMap((one) => complaints(one, schema));
      const verdict = { is_compatible: messages.length === 0 };
      return request.query.verbose === "true" ? { ...verdict, messages } : verdict;
    });
  }
}

function complaints({ contract, version, content }: ServedVersion, schema: JsonObject | boolean): readonly string[] {
  // What the served version makes of its formats is asked of the other schema too.
  const plain = { rules: [], identity: [], formats: content.formats ?? "annotate" };
  const options = { seed: SEED, effort: EFFORT };
  const { backward } = compareVersions({ schema: content.schema, ...plain }, { schema, ...plain }, options);
  const why = describe(backward);
  return why === null ? [] : [`${contract}@${version}: ${why}`];
}

function describe(verdict: Verdict): string | null {
  switch (verdict.kind) {
    case "compatible":
      return null;
    case "incompatible": {
      const where = verdict.violations.map((one) =>
        "pointer" in one ? `"${one.pointer}" ${one.message}` : one.message,
      );
      return `accepts ${toJsonText(verdict.witness)}, which the schema refuses: ${where.join("; ")}`;
    }
    case "unknown":
      return `neither proved nor refuted: ${verdict.undecided.map(({ pointer }) => pointer).join(", ")}`;
  }
}
