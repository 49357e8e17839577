import { pathOf, type Outcome } from "./client.ts";
import { createEventReader } from "./event-stream.ts";
import { requestHeaders } from "./session.ts";
import type { LiveFrame, Problem } from "./types.ts";

/** What a live view is told. */
export type LiveNews =
  /** The stream is open. `isGap`: it goes on, and what came between is not shown. */
  | { readonly kind: "open"; readonly isGap: boolean }
  | { readonly kind: "frame"; readonly frame: LiveFrame }
  /** So many frames were left out because this page was slow. */
  | { readonly kind: "skipped"; readonly frames: number }
  /** It is tried again by itself. */
  | { readonly kind: "away" }
  /** It is not tried again. */
  | { readonly kind: "refused"; readonly outcome: Exclude<Outcome<never>, { readonly kind: "answer" }> };

/** The gateway says something at least every ten seconds: a stream that is silent for longer is broken. */
const SILENT_MS = 25_000;
const RETRY = { firstMs: 500, maxMs: 8_000 } as const;

/**
 * Follows what is decided until the signal aborts, through restarts of the gateway. It goes on behind the last frame where the gateway
 * still knows it.
 * @param last the id of the last frame; "" without one. It is kept up to date there.
 */
export async function followLive(
  query: Readonly<Record<string, string>>,
  last: { id: string },
  tell: (news: LiveNews) => void,
  signal: AbortSignal,
): Promise<void> {
  let waitMs: number = RETRY.firstMs;
  while (!signal.aborted) {
    const ended = await followOnce(query, last, tell, signal);
    if (signal.aborted) return;
    if (ended.kind === "refused") return tell(ended);
    if (ended.hadFrames) waitMs = RETRY.firstMs;
    tell({ kind: "away" });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    });
    waitMs = Math.min(RETRY.maxMs, waitMs * 2);
  }
}

type Ended = { readonly kind: "ended"; readonly hadFrames: boolean } | Extract<LiveNews, { readonly kind: "refused" }>;

async function followOnce(
  query: Readonly<Record<string, string>>,
  last: { id: string },
  tell: (news: LiveNews) => void,
  signal: AbortSignal,
): Promise<Ended> {
  const broken = new AbortController();
  let timer = setTimeout(() => broken.abort(), SILENT_MS);
  let hadFrames = false;
  try {
    const headers = requestHeaders(last.id === "" ? {} : { "last-event-id": last.id });
    const either = AbortSignal.any([signal, broken.signal]);
    const response = await fetch(pathOf("/v1/live", query), { headers, signal: either });
    if (!response.ok || response.body === null) return refusedBy((await response.json()) as Problem);
    const read = createEventReader(last.id);
    const texts = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await texts.read();
      if (done) return { kind: "ended", hadFrames };
      clearTimeout(timer);
      timer = setTimeout(() => broken.abort(), SILENT_MS);
      for (const { event, id, data } of read(value)) {
        const said: unknown = JSON.parse(data);
        if (event === "hello")
          tell({ kind: "open", isGap: last.id !== "" && !(said as { readonly resumed: boolean }).resumed });
        if (event === "skipped") tell({ kind: "skipped", ...(said as { readonly frames: number }) });
        if (event === "end") {
          const refused = WORDS[(said as { readonly why: string }).why];
          if (refused !== undefined) return refusedBy(refused);
        }
        if (event !== "frame") continue;
        hadFrames = true;
        last.id = id;
        tell({ kind: "frame", frame: said as LiveFrame });
      }
    }
  } catch {
    return { kind: "ended", hadFrames };
  } finally {
    clearTimeout(timer);
    broken.abort();
  }
}

const MUTE = { title: "", type: "", instance: "" } as const;

/** Ends after which nothing comes any more, as problems. After the others it is tried again. */
const WORDS: Readonly<Record<string, Problem>> = {
  "not-allowed": {
    ...MUTE,
    status: 401,
    code: "key-ended",
    detail: "The key or the session that this page had has ended",
  },
  off: {
    ...MUTE,
    status: 404,
    code: "off",
    detail: "This process decides nothing itself, so it has nothing to show",
    remedy: "open this page at one that does: its role is all",
  },
};

/** What the gateway refuses for now is tried again. */
function refusedBy(problem: Problem): Ended {
  if (problem.status === 503) return { kind: "ended", hadFrames: false };
  return { kind: "refused", outcome: { kind: "problem", problem } };
}
