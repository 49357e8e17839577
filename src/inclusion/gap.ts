import { pointerOf } from "../json/pointer.ts";
import type { JsonType } from "./evaluate.ts";
import type { Conjunction, Literal } from "./conjunction.ts";
import type { SchemaNode } from "./schema-node.ts";

/** A step of a proof that could not be shown. `pointer` leads into the refusing schema. */
export type Gap = { readonly pointer: string; readonly reason: string };

/** The question of a proof: whether every value that satisfies the literals is accepted by the goal. */
export type Question = {
  readonly literals: readonly Literal[];
  /** Keys of the choices that were made; the literals contain the chosen alternatives. */
  readonly settled: ReadonlySet<string>;
  readonly goal: SchemaNode;
  readonly guard: Guard;
};

/**
 * The questions that are being proved. Those before the border may be taken as proved, by induction over the size of the value: when the
 * proof goes on to a part of the value, which is smaller, all that are open move before the border.
 */
export type Guard = {
  /** Places of the open questions by key, the outermost at 0; all branches of a proof share the map. */
  readonly open: Map<string, number>;
  readonly border: number;
};

/** A question about values of one type, with functions for the questions that follow from it. */
export type TypedQuestion = Question & {
  readonly known: Conjunction;
  readonly type: JsonType;
  /** Asks about the same value with additional literals. No gap means proved. */
  readonly ask: (goal: SchemaNode, ...more: readonly Literal[]) => readonly Gap[];
  /** Asks about a part of the value: an item, a property or the name of a property. */
  readonly askPart: (literals: readonly Literal[], goal: SchemaNode) => readonly Gap[];
};

/** The reason of a gap for a question that was not asked because the steps were used up. */
export const NOT_REACHED = "it was not reached";

export function gapAt(node: SchemaNode, reason: string, ...steps: readonly (string | number)[]): Gap {
  const pointer = node.pointer + pointerOf(steps);
  return { pointer, reason };
}
