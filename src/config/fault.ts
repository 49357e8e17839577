import type { Code } from "./codes.ts";

/** Something wrong with the configuration, for a person to correct. */
export type ConfigFault = {
  /** `file:line:column`, a variable, an option or a setting. */
  readonly place: string;
  readonly code: Code;
  /** What is wrong. Holds no secret. */
  readonly message: string;
  /** What to do. */
  readonly remedy: string;
};
