/**
 * What an engine is opened for. `gateway`: to decide, as a member of the consumer group. `read`: to read only.
 * `operate`: to act on streams while a gateway may be running.
 */
export type Purpose = "gateway" | "read" | "operate";
