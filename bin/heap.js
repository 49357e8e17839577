// V8 heap settings for this workload: many short-lived objects, and batches that live for a while. Measured with
// bench/resident.ts and similar benchmarks, Kafka to MongoDB at full speed over six partitions, Node 24.

/**
 * Growth of the old generation, in percent, at which V8 collects it. V8's default lets 30 MB more garbage pile up and
 * saves no CPU. V8 counts the bytes of buffers as growth. They are freed by the cheap collections of the young
 * generation, which V8 makes after 32 MB of them; with 75 percent, 25 MB here, it collected the old generation first,
 * three times as often, which took a third of the CPU of a record of 16 kB.
 */
export const HEAP_FLAG = "--heap-growing-percent=200";

/**
 * V8 pretenures: it allocates objects in the old generation once similar objects have lived long, and here these were
 * the batch that waited while the process started. Without pretenuring a record takes a tenth less CPU. With a young
 * generation of 16 MB rather than 8 most of a batch dies before it is copied: nearly a tenth less CPU again, and 8 MB
 * more resident.
 */
export const YOUNG_FLAGS = ["--max-semi-space-size=16", "--no-allocation-site-pretenuring"];
