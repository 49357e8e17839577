import { LOSSY_NUMBER } from "../../core/failure.ts";
import { parseValue, reparse } from "../../core/payload.ts";
import { compileCandidate, type Candidate } from "../candidate.ts";
import { countFlips } from "../flips.ts";
import { createRejudge, type Recorded, type ParsedOrReason } from "../rejudge.ts";
import type { Flips } from "../report.ts";
import type { ShadowBatch } from "./batch.ts";

/** Identity pointers of the subject's versions, by number. */
export type Identities = readonly (readonly [version: number, pointers: readonly string[]])[];

export type ShadowJudge = {
  readonly judge: (batch: ShadowBatch) => void;
  readonly flips: () => Flips;
};

const EXAMPLES = 3;

/** Judges settled batches by a candidate, in the same way as what-if. @param before counts to continue from. */
export function createShadowJudge(candidate: Candidate, identities: Identities, before: Flips | null): ShadowJudge {
  const rejudge = createRejudge(compileCandidate(candidate), candidate.version.identity, new Map(identities));
  const { add, flips } = countFlips(EXAMPLES, before);
  return {
    flips,
    judge: ({ topic, partition, bytes, ends, offsets, verdictOf, producerOf, verdicts, producers }) => {
      let start = 0;
      for (const [index, end] of ends.entries()) {
        const recorded = verdicts[verdictOf[index] ?? 0];
        if (recorded === undefined) throw new Error("Cannot judge a batch: a verdict is missing");
        const producer = producers[producerOf[index] ?? 0] ?? null;
        const flip = rejudge.concerns(recorded)
          ? rejudge.judge(payloadOf(bytes, start, end, recorded, candidate), recorded)
          : rejudge.keep(recorded);
        add(flip, producer, () => `${topic}/${partition}@${offsets[index]}`);
        start = end;
      }
    },
  };
}

/**
 * The payload of a record. Accepted payloads are known to be JSON and are only parsed; a payload refused for a number
 * goes through the strict parser again.
 */
function payloadOf(
  bytes: ArrayBuffer,
  start: number,
  end: number,
  { code }: Recorded,
  { limits }: Candidate,
): ParsedOrReason {
  const payload = Buffer.from(bytes, start, end - start);
  return code === LOSSY_NUMBER ? parseValue(payload, limits) : reparse(payload.toString("utf8"));
}
