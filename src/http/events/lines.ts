import type { FastifyReply, FastifyRequest } from "fastify";
import type { Readable } from "node:stream";
import { LineTooLong, readLineBatches } from "../../json/lines.ts";
import { exactInteger, type ExactInteger } from "../../json/exact-integer.ts";
import type { Appended, NewRecord } from "../../source/source.ts";
import { hashBytes } from "../../gateway/decided.ts";
import { isGzip, plainChunks, startClock, UNPACKING_BYTES } from "../body/body.ts";
import { LIMITS, type HttpDeps } from "../deps.ts";
import type { Lease } from "../body/held.ts";
import { wholeLines } from "./line-body.ts";
import { ProblemError, tooLarge } from "../problems/problem.ts";
import { answerPositions, preferredWait } from "./receipts.ts";
import { withKeys } from "./record-keys.ts";
import { bareRecord, withRequestHeaders } from "../records/records.ts";

const BOUNDS = { lineBytesMax: LIMITS.lines.lineBytesMax, blankBytesMax: LIMITS.blankBytes } as const;

/** Positions `[from, to)` of one partition, all of them this request's own. */
type Run = {
  readonly stream: string;
  readonly partition: number;
  readonly from: ExactInteger;
  readonly to: ExactInteger;
};

/** `told`: what the answer says besides. `lease`: for what is held of the body. */
type Asked = { readonly topic: string; readonly told: { readonly deprecation?: object }; readonly lease: Lease };

/**
 * Lines of any number: appended batch by batch while they arrive, so what was acknowledged by the log stays decided. However
 * the body ends, the answer says what was appended; a sender that is slow is no trouble as long as lines come.
 */
export async function answerLines(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { topic, told, lease }: Asked,
): Promise<FastifyReply> {
  const receipt = createReceipt(preferredWait(request) !== null);
  const common = withRequestHeaders(request);
  const keyed = withKeys(deps, request, topic);
  const clock = startClock(deps.limits?.lineMs ?? LIMITS.lineMs, "No whole line arrived", "too-slow");
  const besides = isGzip(request.headers) ? UNPACKING_BYTES : 0;
  try {
    lease.set(besides);
    const body = plainChunks(clock.watch(request.body as Readable), request.headers, LIMITS.gzipBytes);
    const { lines: chunks, taken } = wholeLines(body, { ...BOUNDS, besides }, lease, clock);
    for await (const { lines } of readLineBatches(chunks, LIMITS.lines)) {
      if (lines.length > 0) {
        // What the log takes is not the sender's time.
        clock.stop();
        const records = lines.map((value) => keyed(common(bareRecord(value))));
        receipt.add(records, await deps.log.append(topic, records));
      }
      taken();
      clock.moved();
    }
  } catch (error) {
    const { count, runs } = receipt;
    // Whatever ended the stream, the client must learn what is already in the log.
    throw withAppended(error instanceof LineTooLong ? lineTooLong(error.line) : error, {
      appended: count(),
      ranges: runs(),
    });
  } finally {
    clock.stop();
    lease.end();
  }
  return answer(deps, request, reply, { topic, told }, receipt);
}

async function answer(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { topic, told }: Pick<Asked, "topic" | "told">,
  { count, runs, first }: Receipt,
): Promise<FastifyReply> {
  const accepted = { topic, count: count(), ranges: runs(), ...told };
  if (preferredWait(request) === null) return reply.code(202).send(accepted);
  if (count() <= LIMITS.positions) return answerPositions(deps, request, reply, { topic, ...first(), told }, accepted);
  // More decisions than one answer holds: nothing is waited for, and the client is told so.
  return reply.code(202).header("preference-applied", "none").send(accepted);
}

type Receipt = {
  readonly add: (records: readonly NewRecord[], appended: readonly Appended[]) => void;
  readonly count: () => number;
  /** Exactly the positions of this request, also where others append to the same partitions. */
  readonly runs: () => readonly Run[];
  /** The first positions, as many as one answer may hold, and the hashes of their bytes. */
  readonly first: () => { readonly appended: readonly Appended[]; readonly rawHashes: () => readonly string[] };
};

/** @param waits whether the decisions are going to be asked for. */
function createReceipt(waits: boolean): Receipt {
  type Open = { readonly stream: string; readonly partition: number; readonly from: bigint; to: bigint };
  const last = new Map<string, Open>();
  const runs: Open[] = [];
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
        const run = last.get(stream);
        if (run?.to === offset) run.to += 1n;
        else {
          const next = { stream, partition, from: offset, to: offset + 1n };
          last.set(stream, next);
          runs.push(next);
        }
      }
    },
    count: () => count,
    runs: () => runs.map(({ from, to, ...where }) => ({ ...where, from: exactInteger(from), to: exactInteger(to) })),
    first: () => ({ appended: first, rawHashes: () => rawHashes }),
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
