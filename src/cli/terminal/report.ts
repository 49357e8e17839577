import { Unavailable } from "../../core/unavailable.ts";
import { EXIT } from "../../config/codes.ts";
import { note } from "./output.ts";
import { withCommands } from "./printed-command.ts";
import { describeUnknown, placeOf } from "./unknown-error.ts";
import { Refusal, Refusals, type PlacedFault } from "./refusal.ts";

/**
 * Prints the error that ended a command, and returns the exit code. A stack trace is printed only when SIGMA_DEBUG is
 * set.
 */
export function report(error: unknown): number {
  if (process.env["SIGMA_DEBUG"] !== undefined && error instanceof Error) note(error.stack ?? String(error));
  if (error instanceof Refusals) {
    for (const fault of error.faults) printFault(fault);
    return EXIT.usage;
  }
  if (error instanceof Refusal) {
    printError(error.code, error.message, error.remedy);
    return error.exitCode;
  }
  if (error instanceof Unavailable) {
    printError(error.code, error.message, error.remedy);
    // A lock or an outage passes by itself; a damaged or foreign file does not.
    return /_(?:LOCKED|UNREACHABLE|TIMEOUT)$/.test(error.code) ? EXIT.unreachable : EXIT.error;
  }
  const what = `Unexpected: ${describeUnknown(error)}, in ${placeOf(error)}`;
  printError("SIG-X-000", what, "run again with SIGMA_DEBUG=1 to see its words and its stack, and report it");
  return EXIT.error;
}

/** Prints a fault with its place: `sigma.yaml:3:9: error SIG-S-004 Setting http.port must be ...`. */
function printFault({ place, code, message, remedy }: PlacedFault): void {
  note(`${place}: error ${code} ${message}\n  fix: ${withCommands(remedy)}`);
}

function printError(code: string, message: string, remedy: string): void {
  note(`error ${code} ${message}\n  fix: ${withCommands(remedy)}`);
}
