/**
 * Records that a producer sent records of a contract version, and when a gateway saw the first and the last of them. It tells people
 * who still uses a version. It affects no decision and is not in the ledger. Times are of the gateway's clock, in milliseconds since
 * the epoch.
 */
export type TrafficNote = {
  readonly subject: string;
  readonly version: number;
  /** The producer's name in the headers of its records; "" without such a header. */
  readonly producer: string;
  readonly firstMs: number;
  readonly lastMs: number;
};
