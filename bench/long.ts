import { fraction, oneOf, readOptions, wholeNumber } from "./arguments.ts";
import { evictionFlags } from "./eviction.ts";
import { openBench, type Turn } from "./turns.ts";

// node bench/long.ts [--records 10000000] [--parts 10] [--bytes 85] [--failing 0.1] [--workers 1] [--partitions 6] [--eviction default]
// Whether a gateway stays as it is over many records: what each part of a backlog took, and the memory of our processes behind it.
// Targets: memory that does not grow, and a rate whose slowest part is at most 20 % below the quickest. MongoDB's indexes grow meanwhile;
// --eviction late lets it write what changed in its cache later.

const { records, parts, bytes, failing, workers, partitions, eviction } = readOptions({
  records: wholeNumber(10_000_000),
  parts: wholeNumber(10),
  bytes: wholeNumber(85),
  failing: fraction(0.1),
  workers: wholeNumber(1),
  partitions: wholeNumber(6),
  eviction: oneOf("default", "late"),
});
/** Records while the compilers are at work, for each worker; the gateway decides twice as many first. */
const COLD = 50_000;
const REPEATED = 0.05;
const part = Math.floor((records - 2 * COLD * workers) / parts);
if (part < 1) throw new Error(`--records has to be more than ${2 * COLD * workers}, which only warm the compilers`);

const bench = await openBench(evictionFlags(eviction));
try {
  const shape = { bytes, failing, repeated: REPEATED };
  await bench.fill("shipments", records, partitions, shape);
  const runner = await bench.begin("shipments", workers, COLD);
  const turns: Turn[] = [];
  process.stdout.write("   RECORDS   A SECOND   OWN US   MONGOD  OWN MB\n");
  // Partitions are not worked off in step: the last part would end with some of them empty.
  for (let index = 0; index + 1 < parts; index += 1) {
    const turn = await runner.takeTurn(part);
    turns.push(turn);
    const { own, mongod, later, ms } = turn;
    const [ours, theirs] = [own, mongod + later].map((micros) => (micros / turn.records).toFixed(1));
    const cells = [whole((index + 1) * part), whole(perSecond(turn)), ours, theirs, whole(runner.residentMegabytes())];
    const widths = [10, 9, 7, 7, 6];
    const line = cells.map((cell = "", at) => cell.padStart(widths[at] ?? 0)).join("  ");
    process.stdout.write(`${line}  ${whole(ms / 1_000)} s\n`);
  }
  const rates = turns.map(perSecond);
  process.stdout.write(`slowest over quickest ${(Math.min(...rates) / Math.max(...rates)).toFixed(2)}\n`);
  await runner.end();
} finally {
  await bench.close();
}

function perSecond({ records: count, ms }: Turn): number {
  return (count / ms) * 1_000;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
