import type { FastifyBaseLogger } from "fastify";
import type { ContractCatalog } from "../contract/catalog.ts";
import type { CompiledContractSet } from "../core/compile.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Log, Source } from "../source/source.ts";
import type { ShadowSnapshot } from "../shadow/thread.ts";
import type { StoreReads } from "../store/store.ts";

/** What the HTTP interface needs. */
export type HttpDeps = {
  readonly log: Log;
  readonly source: Pick<Source, "streams" | "bounds">;
  readonly reads: StoreReads;
  readonly gateway: Gateway;
  readonly contracts: () => CompiledContractSet;
  /** What is said of the contracts beside what they decide. */
  readonly about: () => ContractCatalog;
  /** Why the last change of the contract files was refused, a sentence each; empty when it was not. */
  readonly refusedContracts: () => readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** How the versions judge that only look on; absent when there are none. */
  readonly shadow?: () => readonly ShadowSnapshot[];
  readonly logger: FastifyBaseLogger | false;
  readonly version: string;
  /** True when the server may be asked under any host name; otherwise only loopback names are answered. */
  readonly anyHost?: boolean;
};

/** Limits of the interface; every number is in docs/reference/http.md. */
export const LIMITS = {
  /** Room for a CloudEvents envelope around the largest record. */
  envelopeBytes: 65_536,
  /** What of a stream is appended at once, and its longest line, which ends the request when it is longer. */
  lines: { recordsMax: 1_000, bytesMax: 1_048_576, lineBytesMax: 16_777_216, eager: false },
  /** Bodies held in memory at once, over all requests. */
  inFlightBytes: 67_108_864,
  /** A body that is read whole must be there after this. */
  bodyMs: 15_000,
  /** A stream must bring a whole line, or the end, at least this often. */
  lineMs: 30_000,
  /** Longest `Prefer: wait`. */
  waitSeconds: 30,
  /** Positions and decisions in one answer. */
  positions: 1_000,
} as const;
