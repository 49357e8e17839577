import type { Place } from "../contract/fault.ts";
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

/** A fault of a file, at its place there. */
export function faultAt(place: Place, code: Code, message: string, remedy: string): ConfigFault {
  return { place: placeText(place), code, message, remedy };
}

/** `file:line:column`. */
export function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
