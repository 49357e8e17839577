/**
 * That a producer sent records of a version, and when a gateway saw the first and the last of them. No part of any
 * decision and not in the ledger: it tells people who still uses a version. Times are the gateway's clock, milliseconds
 * since the epoch.
 */
export type TrafficNote = {
  readonly subject: string;
  readonly version: number;
  /** As the records say; "" for those that do not say. */
  readonly producer: string;
  readonly firstMs: number;
  readonly lastMs: number;
};
