import type { FastifyRequest } from "fastify";
import { contentsOf } from "../../core/contents.ts";
import type { ContractVersion } from "../../core/contract-set.ts";
import type { Answers, DiffVerdict, Questions } from "../../isolate/question.ts";
import { openThread, THREAD_LIMITS } from "../../isolate/thread.ts";
import { threadEntry } from "../../thread-entry.ts";
import type { HttpDeps } from "../deps.ts";
import { notFound, ProblemError } from "../problems/problem.ts";
import type { Routes } from "../route-types.ts";
import { answer, name, text, versionText, whole } from "../schema-parts.ts";

/** CPU time for one comparison, in milliseconds: the proof and the search of both directions take up to two seconds. */
const CPU_MS_MAX = 6_000;
/** Answers that are kept: what two digests compare to never changes. */
const KEPT = 64;

const TEXT_OR_NULL = { type: ["string", "null"] } as const;

const COMPARED = {
  type: "object",
  required: ["version", "status", "digest"],
  properties: { version: whole, status: { enum: ["draft", "active", "deprecated", "retired"] }, digest: text },
} as const;

/** JSON Schema of one direction of a comparison. */
const VERDICT = {
  title: "CompatibilityVerdict",
  type: "object",
  required: ["kind", "accepts", "refuses", "witness", "violations", "undecided"],
  properties: {
    kind: {
      enum: ["compatible", "incompatible", "unknown"],
      description: "compatible: proved for every payload; incompatible: a payload shows it; unknown: neither",
    },
    accepts: { ...whole, description: "The version whose payloads are asked about" },
    refuses: { ...whole, description: "The version that is to take them all" },
    witness: {
      ...TEXT_OR_NULL,
      description: "JSON text of a payload that the one version accepts and the other refuses; null without one",
    },
    violations: {
      type: "array",
      description: "Why the witness is refused",
      items: {
        type: "object",
        required: ["pointer", "detail", "keyword", "rule"],
        properties: { pointer: TEXT_OR_NULL, detail: text, keyword: TEXT_OR_NULL, rule: TEXT_OR_NULL },
      },
    },
    undecided: {
      type: "array",
      description: "What could not be proved, with pointers into the schema of the version that is to take them all",
      items: { type: "object", required: ["pointer", "reason"], properties: { pointer: text, reason: text } },
    },
  },
} as const;

const DIFF = {
  operationId: "contractDiff",
  summary: "What changed between two versions of a contract, and what it breaks: proved, or shown by a payload",
  params: { type: "object", required: ["subject"], properties: { subject: name } },
  querystring: {
    type: "object",
    additionalProperties: false,
    properties: {
      from: { ...versionText, description: "The earlier version; without it the one before `to`" },
      to: { ...versionText, description: "The later version; without it the highest" },
    },
  },
  response: {
    200: answer("The comparison", {
      title: "ContractDiff",
      type: "object",
      required: ["subject", "from", "to", "changes", "omitted", "backward", "forward"],
      properties: {
        subject: text,
        from: COMPARED,
        to: COMPARED,
        changes: {
          type: "array",
          items: {
            type: "object",
            required: ["rule", "effect", "meaning", "pointer", "keyword", "before", "after"],
            properties: {
              rule: { ...text, description: "Kind of the change: docs/reference/changes.md" },
              effect: { enum: ["narrows", "widens", "changes", "notes"] },
              meaning: text,
              pointer: {
                ...text,
                description: "RFC 6901 pointer into the schema; /rules, /identity and /formats beside it",
              },
              keyword: text,
              before: { ...TEXT_OR_NULL, description: "JSON text; null where it did not exist" },
              after: { ...TEXT_OR_NULL, description: "JSON text; null where it does not exist any more" },
            },
          },
        },
        omitted: { ...whole, description: "Changes that are not listed, because there are too many" },
        backward: { ...VERDICT, description: "Whether the later version accepts all that the earlier one accepts" },
        forward: { ...VERDICT, description: "Whether the earlier version accepts all that the later one accepts" },
      },
    }),
  },
} as const;

type Diffed = Extract<Answers["diff"], { readonly kind: "diffed" }>;

/**
 * `GET /v1/contracts/{subject}/diff`. Two versions are compared in a thread that can be ended: drafts are not checked yet. What two
 * digests compare to is kept, so that a page that asks again is answered at once.
 */
export function registerDiff(app: Routes, deps: HttpDeps): void {
  const entry = threadEntry(import.meta.url, "../../isolate/worker");
  const limits = { ...THREAD_LIMITS, cpuMsMax: CPU_MS_MAX, ...deps.limits?.questions };
  const begin = { entry, data: "diff", name: "contract diff" };
  const thread = openThread<Questions["diff"], Answers["diff"]>(begin, limits);
  // The thread ends before the server waits for its requests, so that no request waits for an answer of it.
  app.addHook("preClose", thread.close);
  const kept = new Map<string, Diffed>();

  const compare = async (request: FastifyRequest, pair: Pair): Promise<Diffed> => {
    const key = `${pair.before.digest} ${pair.after.digest}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const asked = { before: contentOf(pair.before), after: contentOf(pair.after) };
    const outcome = await thread.ask(asked, () => !request.raw.socket.destroyed);
    if (outcome.kind === "not-asked") throw busy();
    if (outcome.kind === "given-up" || outcome.answer.kind !== "diffed") throw tooMuch(pair);
    kept.set(key, outcome.answer);
    for (const old of [...kept.keys()].slice(0, -KEPT)) kept.delete(old);
    return outcome.answer;
  };

  app.get(
    "/v1/contracts/:subject/diff",
    {
      schema: DIFF,
      config: {
        role: "validator",
        scope: "contracts",
        problems: { 404: ["unknown-contract"], 422: ["not-compared"], 503: ["comparing"] },
      },
    },
    async (request, reply) => {
      const { subject } = request.params;
      const pair = pairOf(deps, subject, request.query);
      const { changes, omitted, backward, forward } = await compare(request, pair);
      const { before, after } = pair;
      return reply.send({
        subject,
        from: standing(before),
        to: standing(after),
        changes,
        omitted,
        backward: directed(backward, before, after),
        forward: directed(forward, after, before),
      });
    },
  );
}

type Pair = { readonly subject: string; readonly before: ContractVersion; readonly after: ContractVersion };

function pairOf(deps: HttpDeps, subject: string, { from, to }: { readonly from?: string; readonly to?: string }): Pair {
  const contract = contentsOf(deps.contracts()).contracts.find((one) => one.subject === subject);
  if (contract === undefined) throw notFound("unknown-contract", "There is no such contract");
  const versions = contract.versions.toSorted((a, b) => a.version - b.version);
  const after = to === undefined ? versions.at(-1) : versions.find(({ version }) => String(version) === to);
  const before =
    from === undefined
      ? versions.findLast(({ version }) => after !== undefined && version < after.version)
      : versions.find(({ version }) => String(version) === from);
  if (before !== undefined && after !== undefined) return { subject, before, after };
  const names = versions.map(({ version }) => version).join(", ");
  throw notFound("unknown-contract", "There are no two such versions of the contract", `it has ${names}`);
}

function contentOf({ schema, rules, identity, formats }: ContractVersion): Questions["diff"]["before"] {
  return { schema, rules, identity, ...(formats === undefined ? {} : { formats }) };
}

function standing({ version, status, digest }: ContractVersion) {
  return { version, status, digest };
}

function directed(verdict: DiffVerdict, accepting: ContractVersion, refusing: ContractVersion) {
  return { ...verdict, accepts: accepting.version, refuses: refusing.version };
}

function busy(): ProblemError {
  return new ProblemError({
    status: 503,
    code: "comparing",
    title: "Not available now",
    detail: "As many comparisons wait as may",
    remedy: "ask again in a moment",
    headers: { "retry-after": "2" },
  });
}

function tooMuch({ subject, before, after }: Pair): ProblemError {
  return new ProblemError({
    status: 422,
    code: "not-compared",
    title: "Not compared",
    detail: "Comparing these versions takes more than a request may",
    remedy: `a command takes its time: sigma contract diff ${subject}@${before.version} ${subject}@${after.version}`,
  });
}
