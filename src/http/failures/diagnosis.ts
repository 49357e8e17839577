import { diagnosisOf } from "../../diagnosis/diagnose.ts";
import { adviceView, type Diagnosis } from "../../diagnosis/diagnosis.ts";
import type { Requested } from "../../diagnosis/queue.ts";
import { FINGERPRINT } from "./query.ts";
import type { HttpDeps } from "../deps.ts";
import { ANY_UNAVAILABLE } from "../problems/codes.ts";
import { notFound, ProblemError } from "../problems/problem.ts";
import type { Routes } from "../route-types.ts";
import { answer, text } from "../schema-parts.ts";
import { ADVICE } from "./advice.ts";

const DIAGNOSIS = {
  title: "Diagnosis",
  type: "object",
  required: ["fingerprint", "state", "advice", "trouble"],
  properties: {
    fingerprint: text,
    state: {
      enum: ["none", "waiting", "asking", "advised", "failed"],
      description: "`failed`: it was asked, and there is no advice; `waiting` and `asking` also where there is advice",
    },
    advice: ADVICE,
    trouble: {
      description: "Why the question failed; null when it did not",
      anyOf: [
        {
          type: "object",
          required: ["code", "message", "remedy", "model", "at"],
          properties: { code: text, message: text, remedy: text, model: text, at: text },
        },
        { type: "null" },
      ],
    },
  },
} as const;

const READ = {
  operationId: "failureGroupDiagnosis",
  summary: "What a language model said of a group",
  params: FINGERPRINT,
  response: { 200: answer("What there is", DIAGNOSIS) },
} as const;

const ASK = {
  operationId: "diagnoseFailureGroup",
  summary: "Ask the configured language model about a group, also when there is advice; the answer comes later",
  params: FINGERPRINT,
  response: { 202: answer("It waits, or is being asked", DIAGNOSIS) },
} as const;

const UNKNOWN = { 404: ["unknown-group"], 503: [ANY_UNAVAILABLE] } as const;
const NOT_ASKED = {
  404: ["unknown-group"],
  409: ["diagnosis-off"],
  429: ["diagnosis-capped", "diagnosis-full"],
  503: ["diagnosis-away", ANY_UNAVAILABLE],
} as const;

/** What a language model said of groups, and asking it. */
export function registerDiagnosis(app: Routes, deps: HttpDeps): void {
  const { reads, diagnosis: queue = null } = deps;
  const refuseUnknown = async (fingerprint: string): Promise<void> => {
    if ((await deps.failures.groups.group(fingerprint, deps.now())) === null)
      throw notFound("unknown-group", "There is no failure with this fingerprint");
  };

  app.get(
    "/v1/failures/groups/:fingerprint/diagnosis",
    { schema: READ, config: { role: "viewer", problems: UNKNOWN } },
    async (request, reply) => {
      const { fingerprint } = request.params;
      await refuseUnknown(fingerprint);
      return reply.send(viewOf(fingerprint, await diagnosisOf(reads, fingerprint), queue));
    },
  );

  app.post(
    "/v1/failures/groups/:fingerprint/diagnosis",
    { schema: ASK, config: { role: "operator", problems: NOT_ASKED } },
    async (request, reply) => {
      const { fingerprint } = request.params;
      await refuseUnknown(fingerprint);
      if (queue === null) throw refused("off");
      const outcome = queue.request(fingerprint);
      if (outcome !== "waiting") throw refused(outcome);
      return reply.code(202).send(viewOf(fingerprint, await diagnosisOf(reads, fingerprint), queue));
    },
  );
}

function viewOf(fingerprint: string, diagnosis: Diagnosis | null, queue: HttpDeps["diagnosis"] | null) {
  const trouble =
    diagnosis?.outcome === "failed"
      ? {
          code: diagnosis.code,
          message: diagnosis.message,
          remedy: diagnosis.remedy,
          model: diagnosis.model,
          at: diagnosis.at,
        }
      : null;
  return {
    fingerprint,
    state: queue?.stateOf(fingerprint) ?? diagnosis?.outcome ?? ("none" as const),
    advice: adviceView(diagnosis),
    trouble,
  };
}

function refused(why: Exclude<Requested, "waiting"> | "off"): ProblemError {
  switch (why) {
    case "off":
      return new ProblemError({
        status: 409,
        code: "diagnosis-off",
        title: "Nobody to ask",
        detail: "No language model is configured",
        remedy: "set diagnosis.url",
      });
    case "full":
      return tooMany("diagnosis-full", "As many groups wait to be asked about as may", "try again in an hour");
    case "capped":
      return tooMany(
        "diagnosis-capped",
        "As many questions were asked today as diagnosis.daily_cap allows",
        "wait until tomorrow (UTC), or raise it",
      );
    case "away":
      return new ProblemError({
        status: 503,
        code: "diagnosis-away",
        title: "Not available now",
        detail:
          "The language model failed several times in a row and is left alone for a while; nothing else waits for it",
        remedy: "see the log for why, and sigma doctor",
        headers: { "retry-after": "60" },
      });
  }
}

function tooMany(code: "diagnosis-full" | "diagnosis-capped", detail: string, remedy: string): ProblemError {
  return new ProblemError({
    status: 429,
    code,
    title: "Too many questions",
    detail,
    remedy,
    headers: { "retry-after": "3600" },
  });
}
