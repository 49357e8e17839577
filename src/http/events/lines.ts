import type { FastifyRequest } from "fastify";
import type { Readable } from "node:stream";
import { hashBytes } from "../../gateway/decided.ts";
import { exactInteger, type ExactInteger } from "../../json/exact-integer.ts";
import { LineTooLong, readLineBatches } from "../../json/lines.ts";
import type { Appended, NewRecord } from "../../source/source.ts";
import { isGzip, plainChunks, UNPACKING_BYTES } from "../body/read-body.ts";
import { startClock } from "../body/clock.ts";
import type { Lease } from "../body/held.ts";
import { LIMITS, type HttpDeps } from "../deps.ts";
import { ProblemError, tooLarge } from "../problems/problem.ts";
import { bareRecord, withRequestHeaders } from "../records/records.ts";
import { wholeLines } from "./line-body.ts";
import { withKeys } from "./record-keys.ts";

const BOUNDS = { lineBytesMax: LIMITS.lines.lineBytesMax, blankBytesMax: LIMITS.blankBytes } as const;

/** Positions `[from, to)` of one partition, all of them of records of one request. */
type PositionRange = {
  readonly stream: string;
  readonly partition: number;
  readonly from: ExactInteger;
  readonly to: ExactInteger;
};

/** The records of a body of lines, as the log took them. */
export type AppendedLines = {
  readonly count: number;
  /** The positions of this request, exactly: also where others append to the same partitions meanwhile. */
  readonly ranges: readonly PositionRange[];
  /** The first of them, as many as one answer may hold decisions of, and the SHA-256 of their bytes; none when nobody waits. */
  readonly first: { readonly appended: readonly Appended[]; readonly rawHashes: readonly string[] };
};

/** `waits`: whether the client waits for decisions. `lease`: counts the bytes that are held of the body. */
type Body = { readonly topic: string; readonly waits: boolean; readonly lease: Lease };

/**
 * Appends the records of a body of lines, of any length: batch by batch, while they arrive. What the log took stays, however the body
 * ends. A sender may be slow as long as whole lines come.
 * @throws ProblemError, Unavailable: both say how many records were appended, and where they lie (`appended`, `ranges`).
 */
export async function appendLines(
  deps: HttpDeps,
  request: FastifyRequest,
  { topic, waits, lease }: Body,
): Promise<AppendedLines> {
  const taken = countAppended(waits);
  const common = withRequestHeaders(request);
  const keyed = withKeys(deps, request, topic);
  const clock = startClock(deps.limits?.lineMs ?? LIMITS.lineMs, "No whole line arrived", "too-slow");
  const besides = isGzip(request.headers) ? UNPACKING_BYTES : 0;
  try {
    lease.set(besides);
    const body = plainChunks(clock.watch(request.body as Readable), request.headers, LIMITS.gzipBytes);
    const { lines: chunks, taken: letGo } = wholeLines(body, { ...BOUNDS, besides }, lease, clock);
    for await (const { lines } of readLineBatches(chunks, LIMITS.lines)) {
      if (lines.length > 0) {
        // The sender is not slow while the log writes.
        clock.stop();
        const records = lines.map((value) => keyed(common(bareRecord(value))));
        taken.add(records, await deps.log.append(topic, records));
      }
      letGo();
      clock.moved();
    }
    return taken.all();
  } catch (error) {
    const { count, ranges } = taken.all();
    // Whatever ended the body, the client must learn what is in the log.
    throw withAppended(error instanceof LineTooLong ? lineTooLong(error.line) : error, { appended: count, ranges });
  } finally {
    clock.stop();
    lease.end();
  }
}

type Counter = {
  readonly add: (records: readonly NewRecord[], appended: readonly Appended[]) => void;
  readonly all: () => AppendedLines;
};

function countAppended(waits: boolean): Counter {
  type Open = { readonly stream: string; readonly partition: number; readonly from: bigint; to: bigint };
  const last = new Map<string, Open>();
  const ranges: Open[] = [];
  const first: Appended[] = [];
  const rawHashes: string[] = [];
  let count = 0;
  return {
    add: (records, appended) => {
      count += appended.length;
      if (waits) {
        const room = LIMITS.positions - first.length;
        first.push(...appended.slice(0, room));
        rawHashes.push(...records.slice(0, room).map(({ value }) => hashBytes(value)));
      }
      for (const { stream, partition, offset } of appended) {
        const range = last.get(stream);
        if (range?.to === offset) range.to += 1n;
        else {
          const next = { stream, partition, from: offset, to: offset + 1n };
          last.set(stream, next);
          ranges.push(next);
        }
      }
    },
    all: () => ({
      count,
      ranges: ranges.map(({ stream, partition, from, to }) => ({
        stream,
        partition,
        from: exactInteger(from),
        to: exactInteger(to),
      })),
      first: { appended: first, rawHashes },
    }),
  };
}

function lineTooLong(line: number): ProblemError {
  return tooLarge("line-too-long", `Line ${line} has more than ${LIMITS.lines.lineBytesMax} bytes`, { line });
}

function withAppended(error: unknown, extra: Readonly<Record<string, unknown>>): unknown {
  if (error instanceof ProblemError)
    return new ProblemError({ ...error.problem, extra: { ...error.problem.extra, ...extra } });
  if (error instanceof Error) Object.assign(error, { appended: extra });
  return error;
}
