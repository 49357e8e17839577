import type { Code } from "./codes.ts";

/** Something wrong with the configuration: where (file:line:column, variable or option), what, and what to do. */
export type ConfigFault = {
  readonly place: string;
  readonly code: Code;
  readonly message: string;
  readonly remedy: string;
};
