import { EXIT, type Code } from "../../config/codes.ts";
import { describeIoError } from "../../contract/source-text.ts";

/** An error for people that ends a command: a code, what happened, and what to do. Any other thrown error is a bug. */
export class Refusal extends Error {
  readonly code: string;
  readonly remedy: string;
  readonly exitCode: number;

  constructor(code: Code, message: string, remedy: string, exitCode: number) {
    super(message);
    this.name = "Refusal";
    this.code = code;
    this.remedy = remedy;
    this.exitCode = exitCode;
  }
}

/** Several faults at once, each with its place: `config.yaml:3:9: error SIG-S-004 ...`. */
export class Refusals extends Error {
  readonly faults: readonly PlacedFault[];

  constructor(faults: readonly PlacedFault[]) {
    super(`${faults.length} faults`);
    this.name = "Refusals";
    this.faults = faults;
  }
}

export type PlacedFault = {
  readonly place: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
};

/**
 * What was to be written and could not. A full disk is nobody's wrong input: exit 1, and room is what helps.
 * @param what continues "Cannot write": `"keys/anchor.pem"`.
 * @param remedy where the disk is not full.
 * @throws `error` itself when it is not a system error: that is a bug.
 */
export function cannotWrite(code: Code, what: string, error: unknown, remedy: string): Refusal {
  const message = `Cannot write ${what}: ${describeIoError(error)}`;
  if (!isDiskFull((error as NodeJS.ErrnoException).code)) return usage(code, message, remedy);
  return new Refusal(code, message, "make room, remove what was written of it, and run the command again", EXIT.error);
}

/** @param system the code of a system error. */
export function isDiskFull(system: string | undefined): boolean {
  return system === "ENOSPC" || system === "EDQUOT";
}

/** A refusal of an invalid command line. */
export function usage(code: Code, message: string, remedy: string): Refusal {
  return new Refusal(code, message, remedy, EXIT.usage);
}
