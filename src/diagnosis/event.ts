import type { TroubleCode } from "./diagnoser.ts";

/** What became of questions to a language model. No event holds an answer or anything of a record. */
export type DiagnosisEvent =
  | {
      readonly kind: "diagnosis-done";
      readonly fingerprint: string;
      readonly model: string;
      readonly confidence: "low" | "medium" | "high";
      readonly durationMs: number;
    }
  | {
      readonly kind: "diagnosis-failed";
      readonly fingerprint: string;
      readonly model: string;
      readonly code: TroubleCode;
      readonly message: string;
      readonly remedy: string;
      readonly durationMs: number;
    }
  /** The server counts as away: nothing is asked for a while. */
  | { readonly kind: "diagnosis-paused"; readonly message: string; readonly retryInMs: number }
  /** As many questions were asked today as may be; the others wait for tomorrow (UTC). */
  | { readonly kind: "diagnosis-capped"; readonly cap: number; readonly waiting: number }
  /** More groups wait than can be remembered. Each is asked about when it gets its next failure. */
  | { readonly kind: "diagnosis-dropped"; readonly count: number }
  /** A bug. What is known of it, without its message, which may quote a record. */
  | { readonly kind: "diagnosis-broken"; readonly fingerprint: string; readonly name: string; readonly where: string };

export type ReportDiagnosis = (event: DiagnosisEvent) => void;
