/** What a gateway held at one moment. `atMs`: since the load began. */
export type Sample = {
  readonly atMs: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly descriptors: number;
  /** Records that are acknowledged and not settled. */
  readonly lag: number;
};

/** How a line through values goes: by how much it rises over all of them, and their mean. */
export type Trend = { readonly rise: number; readonly mean: number };

/**
 * The line of least squares through the second half of the samples: by then caches are full and code is compiled, and no fault
 * ends the process.
 */
export function trendOf(samples: readonly Sample[], of: (sample: Sample) => number): Trend {
  const half = secondHalf(samples);
  const count = half.length;
  const mean = half.reduce((sum, one) => sum + of(one), 0) / count;
  const middle = half.reduce((sum, one) => sum + one.atMs, 0) / count;
  const spread = half.reduce((sum, one) => sum + (one.atMs - middle) ** 2, 0);
  const together = half.reduce((sum, one) => sum + (one.atMs - middle) * (of(one) - mean), 0);
  const [first, last] = [half[0]?.atMs ?? 0, half.at(-1)?.atMs ?? 0];
  return { rise: spread === 0 ? 0 : (together / spread) * (last - first), mean };
}

/** Rises that say nothing: as much of the mean, or as many bytes, whichever is more. */
const RISE = { share: 0.1, rssBytes: 32 * 1_048_576, heapBytes: 16 * 1_048_576 } as const;
/** A garbage collector's waves are longer than this: over less nothing is said of memory. */
const LONG_ENOUGH_MS = 60_000;
/** Connections come and go: what is open when nobody asks any more may differ by these. */
const DESCRIPTORS_MAX = 4;

export type Rule = { readonly name: string; readonly holds: boolean; readonly told: string };

/**
 * Whether a gateway stayed as it was. Memory is flat when its line rises, over the second half, by less than a tenth of its mean or
 * 32 MiB (16 MiB of heap). Descriptors are flat when those of the gateway at rest are as many as at the start.
 * @param rest descriptors when nobody asks: before the load, and after it.
 */
export function rulesOf(
  samples: readonly Sample[],
  rest: { readonly before: number; readonly after: number },
): readonly Rule[] {
  const half = secondHalf(samples);
  const lasted = (half.at(-1)?.atMs ?? 0) - (half[0]?.atMs ?? 0);
  const memory = (name: string, of: (sample: Sample) => number, slack: number): Rule => {
    const { rise, mean } = trendOf(samples, of);
    const told = `${mebibytes(mean)} in the mean, ${mebibytes(rise)} up over the second half`;
    if (lasted < LONG_ENOUGH_MS) return { name, holds: true, told: `${told}; too short to say more` };
    return { name, holds: rise < Math.max(slack, RISE.share * mean), told };
  };
  const { before, after } = rest;
  return [
    memory("resident memory is flat", (one) => one.rssBytes, RISE.rssBytes),
    memory("heap is flat", (one) => one.heapBytes, RISE.heapBytes),
    {
      name: "descriptors are flat",
      holds: after <= before + DESCRIPTORS_MAX,
      told: `${before} at rest before the load, ${after} after it`,
    },
  ];
}

function secondHalf(samples: readonly Sample[]): readonly Sample[] {
  return samples.slice(Math.floor(samples.length / 2));
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
