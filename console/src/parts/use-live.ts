import { useEffect, useRef, useState } from "preact/hooks";
import { followLive, type LiveNews } from "../api/follow-live.ts";
import { apiKey } from "../api/key.ts";
import type { LiveFrame, LiveRow } from "../api/types.ts";

/** Rows that are kept on the page. */
const ROWS_MAX = 200;
/** Between two paintings. */
const PAINT_MS = 500;
/** Over so long the rates are taken. */
const RATE_MS = 5_000;

export type LiveState = "connecting" | "live" | "stopped" | "hidden" | "away" | "refused";

/** What a live view shows. */
export type LiveView = {
  readonly state: LiveState;
  /** Newest first. */
  readonly rows: readonly LiveRow[];
  /** Records a second, by what became of them; null before the first frame. */
  readonly rates: { readonly decided: number; readonly failed: number } | null;
  /** Records that the filter let through since the page began, and how many of them were shown. */
  readonly matched: number;
  readonly shown: number;
  /** Whether records came that this page was not told of. */
  readonly isGap: boolean;
  readonly refusal: Extract<LiveNews, { readonly kind: "refused" }>["outcome"] | null;
};

export type LiveViewed = LiveView & { readonly again: () => void };

const NOTHING: LiveView = {
  state: "connecting",
  rows: [],
  rates: null,
  matched: 0,
  shown: 0,
  isGap: false,
  refusal: null,
};

/**
 * Follows what is decided while `isOn` and while the page is seen. What came is painted at most twice a second, and stays when it is
 * stopped. Other filters begin anew.
 */
export function useLive(query: Readonly<Record<string, string>>, isOn: boolean): LiveViewed {
  const filter = new URLSearchParams(query).toString();
  const isSeen = useIsSeen();
  const [view, setView] = useState<LiveView>(NOTHING);
  const [turn, setTurn] = useState(0);
  const last = useRef({ filter: "", id: "" });
  useEffect(() => {
    if (last.current.filter !== filter) {
      last.current = { filter, id: "" };
      setView(NOTHING);
    }
    if (!isOn || !isSeen) return setView((before) => ({ ...before, state: isOn ? "hidden" : "stopped", rates: null }));
    const stop = new AbortController();
    const frames: (LiveFrame & { readonly atMs: number })[] = [];
    let waiting: LiveFrame[] = [];
    const tell = (news: LiveNews): void => {
      if (stop.signal.aborted) return;
      if (news.kind === "frame") return void waiting.push(news.frame);
      setView((before) => told(before, news));
    };
    const paint = setInterval(() => {
      const now = performance.now();
      frames.push(...waiting.map((frame) => ({ ...frame, atMs: now })));
      while (frames[0] !== undefined && now - frames[0].atMs > RATE_MS) frames.shift();
      const came = waiting;
      waiting = [];
      setView((before) => painted(before, came, ratesOf(frames)));
    }, PAINT_MS);
    void followLive(query, last.current, tell, stop.signal);
    return () => {
      stop.abort();
      clearInterval(paint);
    };
  }, [filter, isOn, isSeen, apiKey.value, turn]);
  return { ...view, again: () => setTurn(turn + 1) };
}

function told(before: LiveView, news: Exclude<LiveNews, { readonly kind: "frame" }>): LiveView {
  switch (news.kind) {
    case "open":
      return { ...before, state: "live", isGap: before.isGap || news.isGap, refusal: null };
    case "skipped":
      return { ...before, isGap: true };
    case "away":
      return { ...before, state: "away" };
    case "refused":
      return { ...before, state: "refused", rates: null, refusal: news.outcome };
  }
}

function painted(before: LiveView, came: readonly LiveFrame[], rates: LiveView["rates"]): LiveView {
  const isSame = before.rates?.decided === rates?.decided && before.rates?.failed === rates?.failed;
  if (before.state === "refused" || (came.length === 0 && isSame)) return before;
  const rows = came.flatMap((frame) => frame.rows).toReversed();
  return {
    ...before,
    rates,
    rows: rows.length === 0 ? before.rows : [...rows, ...before.rows].slice(0, ROWS_MAX),
    matched: came.reduce((sum, { matched }) => sum + matched, before.matched),
    shown: came.reduce((sum, { shown }) => sum + shown, before.shown),
  };
}

function ratesOf(frames: readonly LiveFrame[]): NonNullable<LiveView["rates"]> {
  const sum = (of: "decided" | "failed"): number =>
    (frames.reduce((all, { decided }) => all + decided[of], 0) * 1_000) / RATE_MS;
  return { decided: sum("decided"), failed: sum("failed") };
}

/** Whether somebody can see the page. */
function useIsSeen(): boolean {
  const [isSeen, setSeen] = useState(document.visibilityState === "visible");
  useEffect(() => {
    const onChange = (): void => setSeen(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", onChange);
    return () => document.removeEventListener("visibilitychange", onChange);
  }, []);
  return isSeen;
}
