import type { Store } from "../store/store.ts";
import { readAnswer } from "./answer.ts";
import type { Asked, Diagnoser } from "./diagnoser.ts";
import { noteOf, promptDigest, readNote, type Diagnosis } from "./diagnosis.ts";
import { gatherQuestion, type GatherDeps } from "./gather.ts";
import { writePrompt } from "./prompt.ts";

export type DiagnoseDeps = GatherDeps & {
  readonly store: Pick<Store, "putAdvice"> & { readonly reads: Pick<Store["reads"], "advice"> };
  readonly diagnoser: Diagnoser;
  /** Most bytes of a question. */
  readonly promptMax: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
};

/** `known`: there was advice already, and nobody was asked. `nothing`: no failure of the group is stored. */
export type Diagnosed =
  | { readonly kind: "diagnosed"; readonly diagnosis: Diagnosis }
  | { readonly kind: "known"; readonly diagnosis: Diagnosis }
  | { readonly kind: "nothing" }
  | { readonly kind: "aborted" };

/** What the store has of a group; null when there is nothing, or nothing that can be read. */
export async function diagnosisOf(
  reads: DiagnoseDeps["store"]["reads"],
  fingerprint: string,
): Promise<Diagnosis | null> {
  const note = await reads.advice(fingerprint);
  return note === null ? null : readNote(note);
}

/**
 * Asks the model about a group once, judges its answer, and stores what came of it. It touches nothing but the advice on the group. A
 * question that failed leaves earlier advice as it is.
 * @param again whether the model is asked although there is advice.
 * @throws `Unavailable` when the store cannot be used.
 */
export async function diagnoseGroup(
  deps: DiagnoseDeps,
  fingerprint: string,
  again: boolean,
  signal: AbortSignal,
): Promise<Diagnosed> {
  const { store, diagnoser, now } = deps;
  const known = await diagnosisOf(store.reads, fingerprint);
  if (!again && known?.outcome === "advised") return { kind: "known", diagnosis: known };
  const question = await gatherQuestion(deps, fingerprint);
  if (question === null) return { kind: "nothing" };
  const prompt = writePrompt(question, deps.promptMax);
  const beganMs = now();
  const asked = await diagnoser.ask(prompt, signal);
  if (asked.kind === "aborted") return { kind: "aborted" };
  const about = {
    fingerprint,
    at: new Date(beganMs).toISOString(),
    model: diagnoser.model,
    promptDigest: promptDigest(prompt),
    durationMs: Math.max(0, Math.round(now() - beganMs)),
  };
  const diagnosis: Diagnosis = { ...about, ...outcomeOf(asked) };
  if (diagnosis.outcome === "advised" || known?.outcome !== "advised") await store.putAdvice(noteOf(diagnosis));
  return { kind: "diagnosed", diagnosis };
}

type Outcome = Diagnosis extends infer One ? (One extends Diagnosis ? Omit<One, keyof About> : never) : never;
type About = Pick<Diagnosis, "fingerprint" | "at" | "model" | "promptDigest" | "durationMs">;

function outcomeOf(asked: Exclude<Asked, { readonly kind: "aborted" }>): Outcome {
  if (asked.kind === "failed") {
    const { code, message, remedy } = asked;
    return { outcome: "failed", code, message, remedy };
  }
  const advice = readAnswer(asked.text);
  if (advice !== null) return { outcome: "advised", advice };
  return {
    outcome: "failed",
    code: "unusable",
    message: "The answer of the model is not of the form that was asked for",
    remedy: "ask again, or name a model that keeps to a JSON Schema",
  };
}
