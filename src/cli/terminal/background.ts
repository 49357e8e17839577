import { EXIT } from "../../config/codes.ts";
import { note } from "./output.ts";
import { describeUnknown, placeOf } from "./unknown-error.ts";

/**
 * Ends the process on an uncaught error, for example in a timer or a socket of a dependency: the process may be in any
 * state, and the next one continues from the ledger. It prints one line that names the place that threw, without a
 * stack trace.
 */
export function endOnBackgroundErrors(): void {
  process.on("uncaughtException", (error: unknown) => {
    note(describeBackgroundError(error));
    if (process.env["SIGMA_DEBUG"] !== undefined && error instanceof Error) note(error.stack ?? "");
    process.exit(EXIT.error);
  });
}

/** Describes the error for people; the place is the first one in the stack that is not Node's own. */
function describeBackgroundError(error: unknown): string {
  return (
    `error SIG-X-002 Ended by an error in the background, in ${placeOf(error)}: ${describeUnknown(error)}\n` +
    "  fix: start again, which goes on from the ledger; run with SIGMA_DEBUG=1 to see the stack, and report it"
  );
}
