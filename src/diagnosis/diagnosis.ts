import { hash } from "node:crypto";
import type { AdviceNote } from "../store/advice.ts";
import { asAdvice, type Advice } from "./answer.ts";
import { TROUBLES, type Prompt, type TroubleCode } from "./diagnoser.ts";

/** What came of asking about a group: advice, or why there is none. */
export type Diagnosis = {
  readonly fingerprint: string;
  /** When it was asked, RFC 3339. */
  readonly at: string;
  readonly model: string;
  /** SHA-256 of the question, hex. */
  readonly promptDigest: string;
  readonly durationMs: number;
} & (
  | { readonly outcome: "advised"; readonly advice: Advice }
  | { readonly outcome: "failed"; readonly code: TroubleCode; readonly message: string; readonly remedy: string }
);

/** SHA-256 in hex of what a model was asked. */
export function promptDigest({ system, user }: Prompt): string {
  return hash("sha256", JSON.stringify([system, user]));
}

/** A diagnosis as the store keeps it. */
export function noteOf(diagnosis: Diagnosis): AdviceNote {
  const { fingerprint, at, ...rest } = diagnosis;
  return { fingerprint, atMs: Date.parse(at), text: JSON.stringify({ v: 1, ...rest }) };
}

/** Reads what the store keeps; null where it was changed to something else. */
export function readNote({ fingerprint, atMs, text }: AdviceNote): Diagnosis | null {
  const read = objectIn(text);
  const { model, promptDigest: digest, durationMs, outcome, code, message, remedy } = read;
  if (typeof model !== "string" || typeof digest !== "string" || typeof durationMs !== "number") return null;
  if (!(Math.abs(atMs) <= 8.64e15)) return null;
  const asked = { fingerprint, at: new Date(atMs).toISOString(), model, promptDigest: digest, durationMs };
  if (outcome === "advised") {
    const advice = asAdvice(read["advice"]);
    return advice === null ? null : { ...asked, outcome, advice };
  }
  const known = TROUBLES.find((one) => one === code);
  if (outcome !== "failed" || known === undefined) return null;
  return { ...asked, outcome, code: known, message: String(message), remedy: String(remedy) };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

/** What stands before every piece of advice. */
export const NOTICE = "Advice of a language model: not evidence, verified by nobody, and nothing acts on it";

/** Advice as the HTTP interface and `--json` show it. */
export type AdviceView = Advice & {
  readonly notice: string;
  readonly model: string;
  readonly at: string;
  readonly promptDigest: string;
  readonly durationMs: number;
};

/** The advice of a diagnosis; null when it has none. */
export function adviceView(diagnosis: Diagnosis | null): AdviceView | null {
  if (diagnosis?.outcome !== "advised") return null;
  const { model, at, promptDigest: digest, durationMs, advice } = diagnosis;
  return { notice: NOTICE, ...advice, model, at, promptDigest: digest, durationMs };
}
