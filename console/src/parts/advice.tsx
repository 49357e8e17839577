import { useAnswer } from "../api/use-answer.ts";
import { When } from "./when.tsx";

/** What a language model said of a group. It is advice and never evidence, and every word of it is text. */
export function Advice({ fingerprint }: { readonly fingerprint: string }) {
  const { value } = useAnswer("/v1/failures/groups/{fingerprint}/diagnosis", { fingerprint });
  const advice = value?.advice ?? null;
  if (advice === null) return null;
  return (
    <section class="advice" aria-label="Advice of a language model">
      <h2>Advice, not evidence</h2>
      <p class="aside">
        {advice.notice} <code>{advice.model}</code>, <When at={advice.at} />, confidence {advice.confidence_level} by
        its own opinion
      </p>
      <p>{advice.diagnostic_summary}</p>
      <p>Probable root cause: {advice.probable_root_cause}</p>
      <p>Suggested fix: {advice.suggested_fix}</p>
      <p>Who must act: {advice.who_must_act}</p>
    </section>
  );
}
