import type { RedriveReads } from "../../store/redrives.ts";
import { createOffsetsDigest, type RedrivePlan } from "./plan.ts";
import { readPage } from "./source.ts";

/**
 * Reads every page of a plan.
 * @returns the digest of its offsets; "" when a page is missing, or when one begins within another: a reader that begins there takes its offsets.
 * @throws `Unavailable` for a damaged one.
 */
export async function offsetsDigest(reads: Pick<RedriveReads, "redrivePage">, plan: RedrivePlan): Promise<string> {
  const digest = createOffsetsDigest();
  for (const { stream, from, to } of plan.streams) {
    for (let next = BigInt(from); next < BigInt(to);) {
      if ((await reads.redrivePage(plan.id, stream, next)) === null) return "";
      const page = await readPage(reads, plan.id, stream, next);
      const last = await reads.redrivePage(plan.id, stream, page.to - 1n);
      if (last?.from !== page.from) return "";
      for (const offset of page.offsets) digest.add(stream, offset);
      next = page.to;
    }
  }
  return digest.end();
}
