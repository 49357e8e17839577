/** One thing to time: `run` does `operations` operations and returns something, so that nothing is optimised away. */
export type Contender = { readonly name: string; readonly operations: number; readonly run: () => unknown };

export type Timed = { readonly name: string; readonly nanosPerOperation: number };

/**
 * Times contenders in alternating rounds of one run, so that a busy machine slows all of them alike, and takes the
 * median. Only the ratios mean anything on a shared machine.
 */
export function compare(contenders: readonly Contender[], rounds: number): readonly Timed[] {
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  const warmUp = Math.min(rounds, WARM_UP);
  for (let round = 0; round < rounds + warmUp; round += 1) {
    for (const { name, operations, run } of contenders) {
      const started = process.hrtime.bigint();
      run();
      const nanos = Number(process.hrtime.bigint() - started) / operations;
      if (round >= warmUp) samples.get(name)?.push(nanos);
    }
  }
  return contenders.map(({ name }) => ({ name, nanosPerOperation: median(samples.get(name) ?? []) }));
}

/** Rounds that only warm the compiler, or as many as count. */
const WARM_UP = 3;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Prints nanoseconds, operations a second, and the ratio of each to the first. */
export function printTable(title: string, timed: readonly Timed[]): void {
  const base = timed[0]?.nanosPerOperation ?? Number.NaN;
  process.stdout.write(`${title}\n`);
  for (const { name, nanosPerOperation } of timed) {
    const rate = Math.round(1e9 / nanosPerOperation).toLocaleString("en");
    const ratio = (nanosPerOperation / base).toFixed(2);
    process.stdout.write(
      `  ${name.padEnd(44)} ${nanosPerOperation.toFixed(0).padStart(9)} ns ${rate.padStart(12)} /s ${ratio.padStart(7)}x\n`,
    );
  }
}
