import { EXIT, type Code } from "../../config/codes.ts";

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

/** A refusal of an invalid command line. */
export function usage(code: Code, message: string, remedy: string): Refusal {
  return new Refusal(code, message, remedy, EXIT.usage);
}
