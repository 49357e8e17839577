import type { FastifyInstance } from "fastify";
import { liveVersions, type Served, type ServedVersion } from "../../registry/served.ts";
import type { Against } from "../../isolate/question.ts";
import { noSubject } from "./answers.ts";
import { TAKES, type Asking } from "./asking.ts";
import { compatibilitySchemas } from "./schemas.ts";
import { pick } from "./subjects.ts";

type Asked = { Params: { subject: string; version?: string }; Querystring: { verbose?: string } };

/**
 * `/compatibility`: whether a schema takes everything that the served version takes (BACKWARD). Of the schemas alone: rules
 * are no part of a schema. "Compatible" is proved; what cannot be proved is told as not compatible, with the reason.
 */
export function registerCompatibility(scope: FastifyInstance, served: () => Served, asking: Asking): void {
  for (const url of [
    "/compatibility/subjects/:subject/versions",
    "/compatibility/subjects/:subject/versions/:version",
  ]) {
    scope.post<Asked>(url, { schema: compatibilitySchemas(url), config: TAKES }, async (request) => {
      const { subject, version } = request.params;
      const versions = served().subjects.get(subject);
      if (versions === undefined) throw noSubject(subject);
      const against = version === undefined ? liveVersions(versions) : [pick(versions, version)];
      const messages = await asking.compare(request, against.map(asAgainst));
      const verdict = { is_compatible: messages.length === 0 };
      return request.query.verbose === "true" ? { ...verdict, messages } : verdict;
    });
  }
}

function asAgainst({ contract, version, schema, content }: ServedVersion): Against {
  return { name: `${contract}@${version}`, schema: schema(), formats: content.formats ?? "annotate" };
}
