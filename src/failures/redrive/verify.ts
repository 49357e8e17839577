import type { RedriveReads } from "../../store/redrives.ts";
import { createOffsetsDigest, type RedrivePlan } from "./plan.ts";
import { readPage } from "./source.ts";

/** Reads every page of a plan. @returns the digest of its offsets; "" when a page is missing. @throws `Unavailable` for a damaged one. */
export async function offsetsDigest(reads: Pick<RedriveReads, "redrivePage">, plan: RedrivePlan): Promise<string> {
  const digest = createOffsetsDigest();
  for (const { stream, from, to } of plan.streams) {
    for (let next = BigInt(from); next < BigInt(to);) {
      if ((await reads.redrivePage(plan.id, stream, next)) === null) return "";
      const page = await readPage(reads, plan.id, stream, next);
      for (const offset of page.offsets) digest.add(stream, offset);
      next = page.to;
    }
  }
  return digest.end();
}
