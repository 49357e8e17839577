import type { AdviceView } from "../../../diagnosis/diagnosis.ts";
import { plainText } from "../../terminal/plain-text.ts";

/** Advice for people, labelled. A word of it is a stranger's: no terminal interprets it. */
export function adviceLines(advice: AdviceView): readonly string[] {
  const line = (name: string, value: string): string => `${name.padEnd(11)}${plainText(value)}`;
  return [
    `${advice.notice}.`,
    line("summary", advice.diagnostic_summary),
    line("cause", advice.probable_root_cause),
    line("fix", advice.suggested_fix),
    line("who", advice.who_must_act),
    line("confidence", advice.confidence_level),
    line("asked", `${advice.model}, ${advice.at}, ${(advice.durationMs / 1_000).toFixed(1)} s`),
  ];
}
