import type { FastifyBaseLogger } from "fastify";
import type { Access } from "../access/access.ts";
import type { GroupUse } from "../access/group-use.ts";
import type { Quotas } from "../access/spending.ts";
import type { ContractCatalog } from "../contract/catalog.ts";
import type { TraceContext, TraceRequest } from "../core/trace-context.ts";
import type { CompiledContractSet, ContractRef } from "../core/compiled.ts";
import type { DiagnosisQueue } from "../diagnosis/queue.ts";
import type { Groups } from "../failures/groups.ts";
import type { PlanDeps } from "../failures/redrive/make-plan.ts";
import type { Redaction } from "../failures/redact.ts";
import type { RevealRecord } from "../failures/reveal.ts";
import type { ProcessRole } from "./access/process-roles.ts";
import type { Console } from "./console/routes.ts";
import type { Live } from "./live/live.ts";
import type { AnchorNotes } from "../gateway/anchor-notes.ts";
import type { AnchorSignature } from "../ledger/anchor-signature.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Pressure } from "../gateway/pressure.ts";
import type { Totalling } from "../gateway/totals.ts";
import type { Router } from "../lanes/router.ts";
import type { Lookup } from "../gateway/lookup.ts";
import type { Validator } from "../pool/pool.ts";
import type { Metrics } from "../observe/metrics/metrics.ts";
import type { Load } from "../traffic/hot-keys.ts";
import type { Objectives } from "../slo/objectives.ts";
import type { Log, Source } from "../source/source.ts";
import type { ThreadLimits } from "../isolate/thread.ts";
import type { ShadowSnapshot } from "../rejudge/shadow/thread.ts";
import type { WhatIfRuns } from "../rejudge/what-if/runs.ts";
import type { Store, StoreReads } from "../store/store.ts";

/** What the HTTP interface needs. */
export type HttpDeps = {
  readonly log: Log;
  readonly source: Pick<Source, "streams" | "bounds" | "fetch">;
  readonly reads: StoreReads;
  /** The topics that the records of a topic are moved to; absent: nothing has lanes. */
  readonly lanesOf?: (topic: string) => readonly string[];
  /** The stored decisions of positions. */
  readonly lookup: Lookup;
  readonly tail: Store["tail"];
  readonly gateway: Gateway;
  readonly contracts: () => CompiledContractSet;
  /** Owners, descriptions and days of the contracts: what no decision depends on. */
  readonly about: () => ContractCatalog;
  /** Why the last change of the contract files was refused, in sentences; empty when it was taken. */
  readonly refusedContracts: () => readonly string[];
  readonly failures: FailureDeps;
  readonly redrives: RedriveDeps;
  /** Asks a language model about groups; absent: none is configured. */
  readonly diagnosis?: Pick<DiagnosisQueue, "request" | "stateOf">;
  /** What people are not shown; absent: nothing is redacted. */
  readonly redaction?: Redaction;
  /** Keeps in the operator log that somebody was shown redacted bytes; absent: nobody is. */
  readonly reveal?: RevealRecord;
  /** The validators that decide for this process; absent: it decides by itself. */
  readonly pool?: () => readonly Validator[];
  /** The router of this process; absent: it moves nothing to lanes. */
  readonly routed?: Pick<Router, "streams" | "ready" | "bounds">;
  /** Which routes are served; absent: all. */
  readonly role?: ProcessRole;
  /** Who may ask; absent: whoever reaches the server may do everything. */
  readonly access?: Access;
  /** The built console; null or absent when there is none. */
  readonly console?: Console | null;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** So many random bytes, of which keys are made. */
  readonly randomBytes: (count: number) => Buffer;
  /** What is kept how long, and what the last run of this gateway came to; absent: everything is kept. */
  readonly retention?: () => RetentionState;
  /** Past records, judged by versions that need not be live. */
  readonly whatIfs: WhatIfRuns;
  /** Every setting as it is, as people may see it; absent: none is shown. */
  readonly settings?: readonly {
    readonly key: string;
    readonly value: string;
    readonly origin: string;
    readonly description: string;
  }[];
  /** How shadow versions judge; absent when there are none. */
  readonly shadow?: () => readonly ShadowSnapshot[];
  /** What `/metrics` shows; its own when absent. */
  readonly metrics?: Metrics;
  /** How much of a topic waits to be decided, against how much may; absent: as much as comes. */
  readonly backlog?: (topic: string) => Promise<Pressure | null>;
  /** What this process decided since its start; absent: nothing counts. */
  readonly totals?: Pick<Totalling, "totals" | "newestMs">;
  /** How much of its topic a stream takes, and which keys take most of it; absent: nothing counts. */
  readonly loadOf?: (stream: string) => Load | null;
  /** What is promised, and how it stands; absent: nothing is. */
  readonly objectives?: Objectives;
  readonly logger: FastifyBaseLogger | false;
  readonly version: string;
  /** Names that the server answers under, besides those of the loopback interface; `*`: any. */
  readonly hosts?: readonly string[];
  /** Origins whose pages may ask, as `https://app.example.com`. */
  readonly corsOrigins?: readonly string[];
  /** What one who asks may use; absent: as much as they like. */
  readonly quotas?: Quotas;
  /** Which groups of failures each producer opened here; absent: nobody counts them. */
  readonly groupUse?: Pick<GroupUse, "judge">;
  /** How long browsers are to ask by HTTPS alone, in seconds; 0 or absent: they are not told. */
  readonly hstsSeconds?: number;
  /** Whether the server answers under addresses, for other machines. */
  readonly remote?: boolean;
  /** The contract of `POST /api/validate` for records that declare none, and the members that it sets aside. */
  readonly reference?: ReferenceSetting;
  /** Traces requests; absent: they are not. */
  readonly traceRequest?: TraceRequest;
  /** What is decided, for those who look; absent: nothing is shown. */
  readonly live?: Live;
  /** What became of anchors since the process began; absent: it writes none. */
  readonly anchors?: Pick<AnchorNotes, "places" | "fallen">;
  /** Judges the last anchor of one of their places; absent: nobody does. */
  readonly anchorSignature?: (place: string) => Promise<AnchorSignature>;
  /** Called with every verdict. */
  readonly onVerdict?: (verdict: Verdict) => void;
  /** Other limits than {@link LIMITS}. */
  readonly limits?: {
    readonly headersMs?: number;
    readonly lineMs?: number;
    readonly bodyMs?: number;
    readonly keepAliveMs?: number;
    /** How often it is asked whether a reader of `/v1/live` may still read. */
    readonly askAgainMs?: number;
    /** Limits of a question about a schema that a request of the registry brings. */
    readonly questions?: Partial<ThreadLimits>;
  };
};

/** The terms of retention, and the last run of this gateway. */
export type RetentionState = {
  readonly terms: {
    readonly failed: string | null;
    readonly receipts: string | null;
    readonly facts: string | null;
    readonly factsCollections: readonly { readonly collection: string; readonly facts: string | null }[];
    readonly evidence: string | null;
    readonly collections: readonly { readonly collection: string; readonly failed: string | null }[];
  };
  /** Null: this gateway takes nothing away. */
  readonly everyHours: number | null;
  readonly lastRun: {
    readonly at: string;
    readonly announced: number;
    readonly faults: readonly string[];
  } | null;
};

/** What the routes of failures need. */
export type FailureDeps = {
  readonly groups: Groups;
  readonly store: Pick<Store, "appendAction" | "reads">;
};

/** What the routes of redrives need. */
export type RedriveDeps = Pick<PlanDeps, "learnSchemaIds"> & {
  readonly store: Pick<Store, "putRedrivePages" | "putRedrive" | "appendAction" | "reads">;
  /** A new id of a plan. */
  readonly newId: () => string;
  /** Waits before each batch of a dry run, so that live streams go first. */
  readonly pace?: (signal: AbortSignal) => Promise<void>;
};

export type ReferenceSetting = {
  /** The contract, and its version (null: not named); null: the contract of the first source. */
  readonly contract: { readonly subject: string; readonly version: number | null } | null;
  /** Members that the reference's clients send beside the payload. */
  readonly setAside: readonly string[];
};

/** A verdict that was given over HTTP, and not stored. */
export type Verdict = {
  readonly route: "/api/validate" | "/v1/validate";
  readonly contract: ContractRef | null;
  readonly status: "PASSED" | "FAILED";
  /** Of the failure; null when the payload passed. */
  readonly code: string | null;
  readonly fingerprint: string | null;
  /** Computes the SHA-256 of the payload as it came, hex. */
  readonly digestOf: () => string;
  /** The trace that the request belongs to; null when it names none. */
  readonly trace: TraceContext | null;
  /** "" when the request does not name one. */
  readonly producer: string;
};

/** Limits of the interface; every number is in docs/http.md. */
export const LIMITS = {
  /** Bytes of a CloudEvents envelope around a record of the largest size. */
  envelopeBytes: 65_536,
  /** The largest batch of lines that is appended at once, and the longest line. A longer line ends the request. */
  lines: { recordsMax: 1_000, bytesMax: 1_048_576, lineBytesMax: 16_777_216, eager: false },
  /** Bytes of bodies and answers in memory, over all requests. */
  inFlightBytes: 67_108_864,
  /** Bytes of a packed body of lines, unpacked. The problem of a longer one says what was appended. */
  gzipBytes: 4_294_967_296,
  /** Time for a body that is read whole. */
  bodyMs: 15_000,
  /** Time between two whole lines of a body, and before its end. */
  lineMs: 30_000,
  /** How long a connection is kept without a request. Proxies close theirs sooner, so none is closed as a request arrives. */
  keepAliveMs: 75_000,
  /** Bytes of blank lines with no record among them. */
  blankBytes: 1_048_576,
  /** Added to the time without a request: a connection ends when nothing moved on it for both together. */
  silentMs: 45_000,
  /** Bytes of the headers and the target of a request. */
  headerBytes: 16_384,
  /** Time for the headers, and before them for the handshake of TLS. */
  headersMs: 10_000,
  /** How often it is looked which headers are late. Node looks each 30 seconds if it is not told. */
  lateEveryMs: 1_000,
  /** Characters of a part of the path, decoded: the id of a failure has up to 290. */
  pathPart: 300,
  /** Connections on each address. The next one is closed. */
  connections: 2_048,
  /** The longest wait that `Prefer: wait` gets. */
  waitSeconds: 30,
  /** The most positions or decisions that one answer has. */
  positions: 1_000,
} as const;
