// How the heap is kept, for the shape of this work: many objects that die at once, and batches that live for a while.
// Measured with bench/resident.ts and the like, Kafka to MongoDB at full speed over six partitions, Node 24.

/** Garbage of the old generation is collected when it has grown by so much. By default it piles up: 30 MB more, for no less CPU. */
export const HEAP_FLAG = "--heap-growing-percent=75";

/**
 * What V8 has once seen to live long it makes in the old generation from then on; here that was the batch that happened to wait at the
 * start. Without it a record takes a tenth less CPU. With 16 MB rather than 8 most of a batch dies before it is copied: nearly a
 * tenth less again, and 8 MB more resident.
 */
export const YOUNG_FLAGS = ["--max-semi-space-size=16", "--no-allocation-site-pretenuring"];
