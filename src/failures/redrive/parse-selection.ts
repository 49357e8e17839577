import { parseFilter, type FilterText } from "../parse-filter.ts";
import type { Selection } from "./plan.ts";

/** A selection as people write it: parts of a filter of failures, and a range of offsets. */
export type SelectionText = Pick<FilterText, "group" | "code" | "topic" | "partition" | "since" | "until"> & {
  readonly from?: string;
  readonly to?: string;
  /** Every record, and not the failures alone. */
  readonly all: boolean;
};

export type ParsedSelection =
  | { readonly ok: true; readonly selection: Selection }
  /** `message` completes a sentence that begins with the parameter. */
  | { readonly ok: false; readonly parameter: string; readonly message: string };

/** Reads a selection. @param nowMs what times such as `1h` are counted from. */
export function parseSelection({ all, from, to, ...text }: SelectionText, nowMs: number): ParsedSelection {
  const parsed = parseFilter(text, nowMs);
  if (!parsed.ok) return parsed;
  for (const [parameter, value] of Object.entries({ from, to }))
    if (value !== undefined && !/^\d{1,18}$/.test(value))
      return { ok: false, parameter, message: "is no offset: write 0, 1, 2 ..." };
  if (all && (text.group !== undefined || text.code !== undefined))
    return { ok: false, parameter: "all", message: "takes every record, so neither group nor code narrows it" };
  const { fingerprint, code, topic, partition, fromMs, toMs } = parsed.filter;
  if (all && topic === null)
    return { ok: false, parameter: "topic", message: "is missing: every record is redriven of one topic at a time" };
  const offsets = { from: from ?? null, to: to ?? null };
  const selection = { fingerprint, code, topic, partition, ...offsets, fromMs, toMs };
  return { ok: true, selection: { kind: all ? "range" : "failures", ...selection } };
}
