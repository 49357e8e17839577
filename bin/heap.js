// V8 heap settings for this workload: many short-lived objects, and batches that live for a while. Measured with
// bench/resident.ts and similar benchmarks, Kafka to MongoDB at full speed over six partitions, Node 24.

/**
 * V8 promises none of its flags. Where one is not known V8 complains on stderr, or Node ends with 9: so they are set by the majors
 * of Node on which they were tried (24.21, 25.9 and 26.12), and by none that is newer.
 */
const TRIED_MAX = 26;

/**
 * The flags for a version of Node. `young` are for the command line alone.
 *
 * `heap`: V8 collects the old generation when it has grown by so many percent, and counts the bytes of buffers as growth. Without the
 * second flag it also collects whenever buffers hold 64 MB more than after the last time: of records of 16 kB, whose batches are
 * buffers, every 800, which took two fifths of their CPU (119 to 132 us are left of 191 to 220; 1 kB: 16 to 17 of 18). With 200 percent a
 * record of 16 kB takes a tenth less CPU than with 100, and 200 MB more are resident; with 50, a third more CPU and 60 MB less. The
 * second flag is an experiment of V8, which later ones bound by others: it is set on Node 24 alone, where its memory was measured.
 *
 * `young`: V8 pretenures: it allocates objects in the old generation once similar objects have lived long, and here these were
 * the batch that waited while the process started. Without pretenuring a record takes a tenth less CPU. With a young
 * generation of 16 MB rather than 8 most of a batch dies before it is copied: nearly a tenth less CPU again, and 8 MB
 * more resident.
 *
 * @param {string} version
 */
export function flagsFor(version) {
  const major = Number.parseInt(version, 10);
  if (major > TRIED_MAX) return { heap: [], young: [] };
  return {
    heap: ["--heap-growing-percent=100", ...(major === 24 ? ["--external-memory-accounted-in-global-limit"] : [])],
    young: ["--max-semi-space-size=16", "--no-allocation-site-pretenuring"],
  };
}

export const { heap: HEAP_FLAGS, young: YOUNG_FLAGS } = flagsFor(process.versions.node);
