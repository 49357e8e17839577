import type { FastifyRequest } from "fastify";
import { liveVersions, type Served, type ServedVersion } from "../../registry/served.ts";
import type { Against } from "../../isolate/question.ts";
import type { Described, Routes } from "../route-types.ts";
import { noSubject } from "./errors.ts";
import { TAKES, type Asking } from "./asking.ts";
import { OF_SUBJECT, OF_VERSION, questionRoute } from "./route-schema.ts";
import { pick } from "./subjects.ts";

const VERDICT = {
  type: "object",
  required: ["is_compatible"],
  properties: { is_compatible: { type: "boolean" }, messages: { type: "array", items: { type: "string" } } },
} as const;

const QUERY = {
  querystring: {
    type: "object",
    properties: { verbose: { type: "string", description: "true: with the reasons" } },
  },
} as const;

const SUMMARY = "Whether a schema takes all that the served one takes, proved";
const WITH_ALL = questionRoute("CompatibleWithAll", SUMMARY, VERDICT, { ...OF_SUBJECT, ...QUERY });
const WITH_ONE = questionRoute("Compatible", SUMMARY, VERDICT, { ...OF_VERSION, ...QUERY });

/**
 * `/compatibility`: whether a schema takes everything that the served version takes (BACKWARD). Only schemas are compared, not rules.
 * "Compatible" is proved; what cannot be proved is answered as not compatible, with the reason.
 */
export function registerCompatibility(scope: Routes, served: () => Served, asking: Asking): void {
  const versionsOf = (subject: string): readonly ServedVersion[] => {
    const versions = served().subjects.get(subject);
    if (versions === undefined) throw noSubject(subject);
    return versions;
  };
  const compare = async (
    request: FastifyRequest,
    versions: readonly ServedVersion[],
    { verbose }: { readonly verbose?: string },
  ): Promise<Described<typeof VERDICT>> => {
    const messages = await asking.compare(request, versions.map(asAgainst));
    const verdict = { is_compatible: messages.length === 0 };
    return verbose === "true" ? { ...verdict, messages } : verdict;
  };

  scope.post(
    "/compatibility/subjects/:subject/versions",
    { schema: WITH_ALL, config: TAKES },
    async (request, reply) => {
      const versions = liveVersions(versionsOf(request.params.subject));
      return reply.send(await compare(request, versions, request.query));
    },
  );
  scope.post(
    "/compatibility/subjects/:subject/versions/:version",
    { schema: WITH_ONE, config: TAKES },
    async (request, reply) => {
      const { subject, version } = request.params;
      return reply.send(await compare(request, [pick(versionsOf(subject), version)], request.query));
    },
  );
}

function asAgainst({ contract, version, schema, content }: ServedVersion): Against {
  return { name: `${contract}@${version}`, schema: schema(), formats: content.formats ?? "annotate" };
}
