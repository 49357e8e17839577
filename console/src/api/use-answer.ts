import { useEffect, useState } from "preact/hooks";
import { apiKey } from "./key.ts";
import { ask, pathOf, type Outcome } from "./client.ts";
import type { Answers } from "./types.ts";

/** An answer that is kept while the next one is on its way. */
export type Asked<Answer> = {
  /** The last answer; null before the first. */
  readonly value: Answer | null;
  /** What went wrong at the last attempt; null when nothing did. */
  readonly trouble: Exclude<Outcome<Answer>, { readonly kind: "answer" }> | null;
  readonly isLoading: boolean;
  readonly again: () => void;
};

/** Whether it is known what to show: an answer, or what went wrong. */
export function isKnown({ value, trouble }: Pick<Asked<unknown>, "value" | "trouble">): boolean {
  return value !== null || trouble !== null;
}

/** How soon it is asked again when nobody answered, or nobody saw the page. */
const AWAY_MS = 3_000;

type Options = {
  /** Asks again after so many milliseconds, while the page is visible. Absent: once. */
  readonly everyMs?: number;
};

/** Asks the server, again when the parameters change. An older answer never replaces a later one. */
export function useAnswer<Path extends keyof Answers>(
  path: Path,
  parameters: Readonly<Record<string, string | number | null | undefined>> = {},
  { everyMs }: Options = {},
): Asked<Answers[Path]> {
  const url = pathOf(path, parameters);
  const [asked, setAsked] = useState<{ readonly of: string; readonly outcome: Outcome<Answers[Path]> } | null>(null);
  const [last, setLast] = useState<{ readonly of: string; readonly value: Answers[Path] } | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const next = async (): Promise<void> => {
      let isAnswered = false;
      if (document.visibilityState === "visible") {
        const outcome = await ask(path, parameters, stop.signal);
        if (stop.signal.aborted) return;
        isAnswered = outcome.kind !== "unreachable";
        setAsked({ of: url, outcome });
        if (outcome.kind === "answer") setLast({ of: url, value: outcome.value });
      }
      const waitMs = everyMs ?? (isAnswered ? undefined : AWAY_MS);
      if (waitMs !== undefined) timer = setTimeout(() => void next(), waitMs);
    };
    void next();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [url, everyMs, turn, apiKey.value]);
  const isNow = asked?.of === url;
  return {
    value: last?.of === url ? last.value : null,
    trouble: isNow && asked.outcome.kind !== "answer" ? asked.outcome : null,
    isLoading: !isNow,
    again: () => setTurn(turn + 1),
  };
}
