import type { TlsEvent } from "./event.ts";
import type { PairRead, TlsPair } from "./pair.ts";

export type FollowDeps = {
  readonly read: () => Promise<PairRead>;
  /** Makes new connections use a pair. */
  readonly use: (pair: TlsPair) => void;
  readonly report: (event: TlsEvent) => void;
  /** Milliseconds between two looks; 0: only {@link Following.look} looks. */
  readonly everyMs: number;
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

export type Following = {
  /** Reads the files now, because somebody says that they changed; what cannot be used is reported at once. */
  readonly look: () => Promise<void>;
  /** Resolves once the signal is aborted. */
  readonly done: Promise<void>;
};

const DAY_MS = 86_400_000;
/** So long before its end a certificate is warned of. Those of ACME are renewed a month before it. */
export const EXPIRING_MS: number = 14 * DAY_MS;

/**
 * Follows the files of a pair until the signal aborts.
 *
 *   live -> (files differ, and can be used) -> live
 *            -> (cannot be used, twice in a row) -> refused, the pair before goes on -> (files can be used) -> live
 *
 * Certificate and key are two files, and whoever renews them writes one after the other: what does not fit together is only
 * reported when it still does not at the next look. The files are read, as notifications of the operating system miss changes on
 * network and container mounts.
 */
export function followPair(deps: FollowDeps, first: TlsPair, signal: AbortSignal): Following {
  const { report, now } = deps;
  let live = first;
  let unfit: { readonly digest: string; readonly isReported: boolean } | null = null;
  let warnedAt = -Infinity;
  const warn = (): void => {
    const { endsMs } = live.about;
    const leftMs = endsMs - now();
    if (leftMs > EXPIRING_MS || now() - warnedAt < DAY_MS) return;
    warnedAt = now();
    report({ kind: "tls-expiring", endsMs, leftDays: Math.floor(leftMs / DAY_MS) });
  };
  const take = (pair: TlsPair): void => {
    deps.use(pair);
    live = pair;
    unfit = null;
    warnedAt = -Infinity;
    report(shownEvent(pair));
    warn();
  };
  const refuse = (why: string, digest: string, isAsked: boolean): void => {
    const isSame = unfit?.digest === digest;
    const isReported = isSame && unfit?.isReported === true;
    const isSaid = !isReported && (isSame || isAsked);
    if (isSaid) report({ kind: "tls-refused", why });
    unfit = { digest, isReported: isReported || isSaid };
  };
  const read = async (isAsked: boolean): Promise<void> => {
    const found = await deps.read();
    warn();
    if (found.kind === "unfit") return refuse(found.why, found.digest, isAsked);
    const { pair } = found;
    if (pair.digest === live.digest) return void (unfit = null);
    const why = worseThan(live, pair, now());
    return why === null ? take(pair) : refuse(why, pair.digest, isAsked);
  };
  let last = Promise.resolve();
  const look = async (isAsked: boolean): Promise<void> => (last = last.then(async () => read(isAsked)));
  report(shownEvent(first));
  warn();
  const follow = async (): Promise<void> => {
    while (!signal.aborted && deps.everyMs > 0) {
      await deps.sleep(deps.everyMs, signal);
      if (!signal.aborted) await look(false);
    }
  };
  return { look: async () => look(true), done: follow() };
}

function shownEvent({ about: { names, endsMs } }: TlsPair): TlsEvent {
  return { kind: "tls-shown", names, endsMs };
}

/** Why a pair does not take the place of one that is valid; null: it does. */
function worseThan({ about: before }: TlsPair, { about }: TlsPair, nowMs: number): string | null {
  const isValid = ({ beginsMs, endsMs }: TlsPair["about"]): boolean => beginsMs <= nowMs && nowMs < endsMs;
  if (isValid(about) || !isValid(before)) return null;
  return about.endsMs <= nowMs
    ? `the new certificate has ended on ${new Date(about.endsMs).toISOString()}`
    : `the new certificate begins only on ${new Date(about.beginsMs).toISOString()}`;
}
