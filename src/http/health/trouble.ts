import type { Unavailable } from "../../core/unavailable.ts";
import { runbookOf } from "../../observe/runbooks.ts";

/** JSON Schema of why a stream is paused, halted or waits; null when it does not. */
export const TROUBLE = {
  anyOf: [
    {
      type: "object",
      required: ["code", "message", "remedy", "runbook"],
      properties: {
        code: { type: "string" },
        message: { type: "string" },
        remedy: { type: "string" },
        runbook: { type: "string", description: "The page that says more: docs/runbooks/breaker-open.md" },
      },
    },
    { type: "null" },
  ],
} as const;

/** Why a stream is paused or halted, and the page of the documentation that says what to do. */
export function troubleView(
  trouble: Pick<Unavailable, "code" | "message" | "remedy"> | null,
): { readonly code: string; readonly message: string; readonly remedy: string; readonly runbook: string } | null {
  if (trouble === null) return null;
  const { code, message, remedy } = trouble;
  return { code, message, remedy, runbook: runbookOf(code) };
}
