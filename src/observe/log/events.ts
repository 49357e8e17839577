import { BESIDE_EVENTS } from "./beside-events.ts";
import { FIELD_GROUPS, type FieldGroup } from "./field-groups.ts";
import type { LogField } from "./fields.ts";
import { GATEWAY_EVENTS } from "./gateway-events.ts";
import { HTTP_EVENTS } from "./http-events.ts";

export type Level = "debug" | "info" | "warn" | "error";

export type EventRow = {
  readonly level: Level;
  /** Orchestration when absent. */
  readonly layer?: "validator";
  /** The sentence of the line; null: whoever writes it says it. */
  readonly message: string | null;
  readonly groups: readonly FieldGroup[];
  readonly fields: readonly LogField[];
  /** Fields that a line may lack. */
  readonly optional: readonly LogField[];
};

/**
 * Every line that the program can write to its log, by the name of what happened. A name is stable: it never means something else.
 * The type of `Logger` follows from this table; the reference page and the JSON Schema are written from it.
 */
export const LOG_EVENTS: typeof GATEWAY_EVENTS & typeof BESIDE_EVENTS & typeof HTTP_EVENTS = {
  ...GATEWAY_EVENTS,
  ...BESIDE_EVENTS,
  ...HTTP_EVENTS,
};

export type LogEvent = keyof typeof LOG_EVENTS;

/** The fields that every line of an event has, in the order in which it has them. */
export function fieldsOf({ groups, fields }: EventRow): readonly LogField[] {
  return [...groups.flatMap((group): readonly LogField[] => FIELD_GROUPS[group]), ...fields];
}
