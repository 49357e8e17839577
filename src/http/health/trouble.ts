import type { Unavailable } from "../../core/unavailable.ts";
import { runbookOf } from "../../observe/runbooks.ts";

/** Why a stream is paused or halted, and the page of the documentation that says what to do. */
export function troubleView(
  trouble: Pick<Unavailable, "code" | "message" | "remedy"> | null,
): { readonly code: string; readonly message: string; readonly remedy: string; readonly runbook: string } | null {
  if (trouble === null) return null;
  const { code, message, remedy } = trouble;
  return { code, message, remedy, runbook: runbookOf(code) };
}
