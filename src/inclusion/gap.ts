import { pointerOf } from "../json/pointer.ts";
import type { JsonType } from "./evaluate.ts";
import type { Conjunction, Literal } from "./conjunction.ts";
import type { SchemaNode } from "./schema-node.ts";

/** Something a proof would need and that could not be shown. `pointer` leads into the schema that is to accept. */
export type Gap = { readonly pointer: string; readonly reason: string };

/** What is known of a value, and the schema that is to accept it. */
export type Question = {
  readonly literals: readonly Literal[];
  /** Choices already made: their alternatives are among the literals. */
  readonly settled: ReadonlySet<string>;
  readonly goal: SchemaNode;
  readonly guard: Guard;
};

/**
 * Inclusions that may be used because they speak of smaller values. `pending` are those under proof for the value itself:
 * they become usable once the proof goes on to a part of the value. That is induction over the size of the value.
 */
export type Guard = { readonly assumed: ReadonlySet<string>; readonly pending: ReadonlySet<string> };

/** A question about values of one type, with the ways to ask further ones. */
export type TypedQuestion = Question & {
  readonly known: Conjunction;
  readonly type: JsonType;
  /** About the same value, with more known of it. No gap means proved. */
  readonly ask: (goal: SchemaNode, ...more: readonly Literal[]) => readonly Gap[];
  /** About a part of the value: an item, a field, the name of a field. */
  readonly askPart: (literals: readonly Literal[], goal: SchemaNode) => readonly Gap[];
};

/** The reason for what was not asked for want of steps. */
export const NOT_REACHED = "it was not reached";

export function gapAt(node: SchemaNode, reason: string, ...steps: readonly (string | number)[]): Gap {
  const pointer = node.pointer + pointerOf(steps);
  return { pointer, reason };
}
