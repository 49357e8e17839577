import type { FastifyBaseLogger } from "fastify";
import type { ContractCatalog } from "../contract/catalog.ts";
import type { CompiledContractSet, ContractRef } from "../core/compiled.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Lookup } from "../gateway/lookup.ts";
import type { Log, Source } from "../source/source.ts";
import type { ThreadLimits } from "../isolate/thread.ts";
import type { ShadowSnapshot } from "../rejudge/shadow/thread.ts";
import type { Store, StoreReads } from "../store/store.ts";

/** What the HTTP interface needs. */
export type HttpDeps = {
  readonly log: Log;
  readonly source: Pick<Source, "streams" | "bounds">;
  readonly reads: StoreReads;
  /** What became of positions. */
  readonly lookup: Lookup;
  readonly tail: Store["tail"];
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
  /** Names under which the server is asked besides those of the loopback interface; `*`: any. */
  readonly hosts?: readonly string[];
  /** Whether other machines reach the server, who ask by its address. */
  readonly remote?: boolean;
  /** How `POST /api/validate` judges what declares nothing, and what it sets aside. */
  readonly reference?: ReferenceSetting;
  /** Told of every verdict that was asked for. */
  readonly onVerdict?: (verdict: Verdict) => void;
  /** Other limits than {@link LIMITS}. */
  readonly limits?: {
    readonly lineMs?: number;
    readonly bodyMs?: number;
    readonly keepAliveMs?: number;
    /** Of what the registry is asked about a schema. */
    readonly questions?: Partial<ThreadLimits>;
  };
};

export type ReferenceSetting = {
  /** The contract, and its version when it is named; null: that of the first source. */
  readonly contract: { readonly subject: string; readonly version: number | null } | null;
  /** Members that the reference's clients send beside the payload. */
  readonly setAside: readonly string[];
};

/** A verdict that was asked for over HTTP; nothing was stored. */
export type Verdict = {
  readonly route: "/api/validate" | "/v1/validate";
  readonly contract: ContractRef | null;
  readonly status: "PASSED" | "FAILED";
  /** Null when it passed. */
  readonly code: string | null;
  /** "" when the request does not say. */
  readonly producer: string;
};

/** Limits of the interface; every number is in docs/http.md. */
export const LIMITS = {
  /** Room for a CloudEvents envelope around the largest record. */
  envelopeBytes: 65_536,
  /** What of a stream is appended at once, and its longest line, which ends the request when it is longer. */
  lines: { recordsMax: 1_000, bytesMax: 1_048_576, lineBytesMax: 16_777_216, eager: false },
  /** Bytes of bodies held in memory at once, over all requests and whatever their shape. */
  inFlightBytes: 67_108_864,
  /** Of a packed stream, unpacked. One that was cut off says what was appended. */
  gzipBytes: 4_294_967_296,
  /** A body that is read whole must be there after this. */
  bodyMs: 15_000,
  /** A stream must bring a whole line, or the end, at least this often. */
  lineMs: 30_000,
  /** Longer than proxies keep a connection that is not in use, so that none is closed under a request. */
  keepAliveMs: 75_000,
  /** Blank lines of a stream with no record among them. */
  blankBytes: 1_048_576,
  /** A connection over which nothing moves any more ends after this, besides. */
  silentMs: 45_000,
  /** Of all headers of a request, and of its target. */
  headerBytes: 16_384,
  /** Within which they must be there. */
  headersMs: 10_000,
  /** Longest part of a path, its escapes decoded: a topic or subject of 249 characters, `-value` behind it. */
  pathPart: 260,
  /** On each address; the next one is closed. */
  connections: 2_048,
  /** Longest `Prefer: wait`. */
  waitSeconds: 30,
  /** Positions and decisions in one answer. */
  positions: 1_000,
} as const;
