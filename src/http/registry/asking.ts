import type { FastifyInstance, FastifyRequest } from "fastify";
import { threadEntry } from "../../thread-entry.ts";
import {
  BODY_BYTES_MAX,
  undecided,
  type Against,
  type Answers,
  type Kind,
  type Questions,
  type Refused,
} from "../../isolate/question.ts";
import {
  openThread,
  THREAD_LIMITS,
  type Thread,
  type ThreadLimits,
  type QuestionOutcome,
} from "../../isolate/thread.ts";
import type { Taken } from "../body/media.ts";
import { busy, invalidSchema, RegistryError } from "./errors.ts";

/** A route that reads a body: JSON, whichever JSON type the request names. None of them writes, whatever their method. */
export const TAKES: {
  readonly role: "validator";
  readonly scope: "contracts";
  readonly takes: readonly Taken[];
  readonly bodyBytesMax: number;
} = {
  role: "validator",
  scope: "contracts",
  takes: ["document"],
  bodyBytesMax: BODY_BYTES_MAX,
};

/** Asks about the schemas that requests bring. Strangers wrote them, so threads look at them that can be ended. */
export type Asking = {
  /** The digest of a request's schema. @throws RegistryError */
  readonly name: (request: FastifyRequest) => Promise<string>;
  /** What keeps a request's schema from accepting all that the versions accept. @throws RegistryError */
  readonly compare: (request: FastifyRequest, against: readonly Against[]) => Promise<readonly string[]>;
};

/** One thread for each kind of question, started at the first one, so that the lookups of serializers never wait for a comparison. */
export function openAsking(scope: FastifyInstance, changes: Partial<ThreadLimits> = {}): Asking {
  const limits = { ...THREAD_LIMITS, ...changes };
  const entry = threadEntry(import.meta.url, "../../isolate/worker");
  const open = <K extends Kind>(kind: K): Thread<Questions[K], Answers[K]> => {
    const thread = openThread<Questions[K], Answers[K]>({ entry, data: kind, name: `registry ${kind}` }, limits);
    // The thread ends before the server waits for its requests, so that no request waits for an answer of it.
    scope.addHook("preClose", thread.close);
    return thread;
  };
  const [naming, comparing] = [open("name"), open("compare")];
  const isHere =
    ({ raw }: FastifyRequest) =>
    () =>
      !raw.socket.destroyed;
  return {
    name: async (request) => {
      const body = request.body as Buffer;
      const answer = answerIn(await naming.ask({ body }, isHere(request)));
      // A bounded body takes milliseconds: when it takes longer, the machine is busy.
      if (answer.kind === "given-up") throw busy();
      if (answer.kind !== "named") throw refusal(answer);
      return answer.digest;
    },
    compare: async (request, against) => {
      const body = request.body as Buffer;
      const answer = answerIn(await comparing.ask({ body, against }, isHere(request)));
      if (answer.kind === "given-up") return against.map(({ name }) => undecided(name, WHY[answer.why]));
      if (answer.kind !== "compared") throw refusal(answer);
      return answer.complaints;
    },
  };
}

type GivenUp = Extract<QuestionOutcome<unknown>, { readonly kind: "given-up" }>;

const WHY: Readonly<Record<GivenUp["why"], string>> = {
  cpu: "it takes more than a question may; sigma contract check takes its time",
  time: "it was not decided in time; sigma contract check takes its time",
  memory: "it takes more memory than a question may; sigma contract check takes more",
};

function answerIn<Answer>(outcome: QuestionOutcome<Answer>): Answer | GivenUp {
  switch (outcome.kind) {
    case "answered":
      return outcome.answer;
    case "given-up":
      return outcome;
    case "not-asked":
      throw busy();
  }
}

function refusal({ kind, message }: Refused): RegistryError {
  return kind === "invalid" ? invalidSchema(message) : new RegistryError(400, message);
}
