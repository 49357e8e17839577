import { OUTER_PARTS } from "./architecture-outer.ts";

/**
 * What may import what. A part is a path under src, without `.ts`; the longest one that fits a file names its part.
 * `uses`: what files of the part may import besides each other: a part, a folder of one, or a single file. `libraries`: packages;
 * `node`: modules of Node. Everything else is forbidden, and a permission that no file needs is a fault too.
 */
export type Part = {
  readonly uses: readonly string[];
  readonly libraries: readonly string[];
  readonly node: readonly string[];
};

export const PARTS: Readonly<Record<string, Part>> = {
  ...OUTER_PARTS,
  // What a JSON text is: values, pointers, the canonical form, exact decimals, lines.
  json: { uses: [], libraries: [], node: [] },
  // What a JSON Schema says: the judge, the explanations, what may not be frozen.
  schema: { uses: ["json"], libraries: [], node: [] },
  // The decision, and nothing else: pure, total, synchronous.
  core: { uses: ["json", "schema"], libraries: ["@marcbachmann/cel-js"], node: ["node:buffer", "node:crypto"] },
  // Why there is no decision yet: what every adapter throws.
  "core/unavailable": { uses: [], libraries: [], node: [] },
  // The protocol's data, pure: entries, evidence, proofs, anchors, the operator log.
  ledger: { uses: ["core", "json"], libraries: [], node: ["node:crypto", "node:zlib"] },
  // The port of a log: where records come from.
  source: { uses: ["json", "core"], libraries: [], node: ["node:crypto"] },
  // A log in SQLite.
  "source/embedded": {
    uses: ["core", "source/partitioner", "source/source", "sqlite/open", "sqlite/scrub"],
    libraries: [],
    node: ["node:crypto", "node:sqlite", "node:zlib"],
  },
  // Kafka as a log.
  "source/kafka": {
    uses: ["core", "doctor/check", "json", "source"],
    libraries: ["@platformatic/kafka"],
    node: ["node:timers/promises", "node:zlib"],
  },
  // What the two embedded files share: opening, locking, copying.
  sqlite: {
    uses: ["core/unavailable", "thread-entry"],
    libraries: [],
    node: ["node:fs", "node:os", "node:path", "node:sqlite", "node:url", "node:worker_threads"],
  },
  // The port of a store: where decisions go.
  store: { uses: ["core", "json", "ledger", "schema", "traffic/note"], libraries: [], node: [] },
  // A store in SQLite.
  "store/sqlite": {
    uses: ["core", "json", "ledger", "sqlite", "store", "thread-entry", "traffic/note"],
    libraries: [],
    node: ["node:events", "node:sqlite", "node:worker_threads"],
  },
  // A store in MongoDB.
  "store/mongodb": {
    uses: ["core", "doctor/check", "json", "ledger", "schema", "store", "traffic/note"],
    libraries: ["mongodb"],
    node: ["node:crypto", "node:module"],
  },
  // Reads earlier layouts in its own words, and writes the present one through the port.
  "store/migrations": {
    uses: [
      "core/unavailable",
      "ledger",
      "operator/actions",
      "source/source",
      "sqlite",
      "store",
      "traffic/note",
      "traffic/producer",
    ],
    libraries: ["mongodb"],
    node: ["node:fs", "node:path", "node:sqlite"],
  },
  // What a migration needs of MongoDB's driver.
  "store/migrations/mongodb-target": { uses: ["store/store"], libraries: ["mongodb"], node: [] },
  // What operators did, read from the operator log and written to it.
  operator: { uses: ["ledger", "source/source", "store/groups", "store/store"], libraries: [], node: [] },
  // Who sends which version.
  traffic: { uses: ["core"], libraries: [], node: ["node:crypto"] },
  // The order of effects, once: from a fetched record to its documents.
  gateway: {
    uses: [
      "anchor/writer",
      "contract/negotiation",
      "core",
      "gateway/event",
      "json",
      "ledger",
      "operator",
      "schema",
      "source/source",
      "store/log-end",
      "store/store",
      "traffic/sightings",
      "traffic/throttle-by-name",
      "store/stream-note",
      "traffic/producer",
      "store/groups",
      "store/volume",
    ],
    libraries: [],
    node: ["node:crypto", "node:timers/promises"],
  },
  // Which lane a record of a source goes to, and the router that moves it there.
  lanes: {
    uses: ["core", "gateway/loops", "source/mover", "source/partitioner", "source/record-key", "source/source"],
    libraries: [],
    node: ["node:crypto"],
  },
  // What the gateway tells its observers.
  "gateway/event": {
    uses: ["core/trace-context", "core/unavailable", "source/source", "store/groups"],
    libraries: [],
    node: [],
  },
  // Whether one schema takes all that another takes: proved or refuted, in budgeted steps.
  inclusion: { uses: ["core", "json", "schema"], libraries: [], node: [] },
  // What may pass: contract files, lint, lock, fixtures, life cycle.
  contract: {
    uses: ["core", "inclusion/inclusion", "json", "schema", "traffic/note"],
    libraries: ["jsonc-parser", "recheck", "yaml"],
    node: ["node:crypto", "node:fs", "node:module", "node:path"],
  },
  // A schema registry, asked and published to.
  registry: { uses: ["core", "doctor/check", "json", "registry/served"], libraries: [], node: [] },
  // What our own registry answers.
  "registry/served": { uses: ["core", "json"], libraries: [], node: ["node:crypto"] },
  // Records judged by a version that is not live.
  rejudge: { uses: ["core", "json"], libraries: [], node: ["node:crypto"] },
  // The past, judged again.
  "rejudge/what-if": {
    uses: [
      "contract/calendar",
      "traffic/producer",
      "core",
      "gateway/entry-records",
      "gateway/lookup",
      "ledger",
      "rejudge",
      "source/source",
      "store/store",
      "store/stream-note",
    ],
    libraries: [],
    node: [],
  },
  // Live traffic, judged by a second version.
  "rejudge/shadow": {
    uses: ["traffic/producer", "core", "gateway/decided", "rejudge", "thread-entry"],
    libraries: [],
    node: ["node:worker_threads"],
  },
  // Drafts of contracts, from records and from other standards.
  authoring: { uses: ["core", "json", "schema"], libraries: [], node: [] },
  // The proof: one checker for the simulation, the kill tests and `sigma audit`.
  audit: {
    uses: [
      "core",
      "failures/failure-id",
      "failures/lineage/corrections",
      "failures/redrive",
      "gateway",
      "json",
      "ledger",
      "operator",
      "source/source",
      "store/store",
      "store/stream-note",
      "store/groups",
      "store/volume",
    ],
    libraries: [],
    node: [],
  },
  // Heads of the ledger, signed and kept outside the store.
  anchor: {
    uses: ["anchor/writer", "core/unavailable", "json", "ledger", "source/source", "sqlite/lock"],
    libraries: [],
    node: ["node:crypto", "node:fs", "node:fs/promises", "node:path"],
  },
  // The port of a place for anchors.
  "anchor/writer": { uses: ["core/unavailable", "ledger"], libraries: [], node: [] },
  // Failures decided again: plans, their runs, and where a record was redriven.
  "failures/redrive": {
    uses: [
      "core",
      "failures/parse-filter",
      "failures/repeated",
      "failures/taken",
      "gateway",
      "json",
      "ledger",
      "operator/actions",
      "source/source",
      "store/redrives",
      "store/store",
      "store/stream-note",
    ],
    libraries: [],
    node: ["node:crypto"],
  },
  // What is too old: taken away, stream by stream, under floors that the operator log holds.
  retain: {
    uses: [
      "core",
      "gateway",
      "ledger",
      "operator/erasures",
      "operator/floors",
      "store/ledger-walk",
      "store/store",
      "store/stream-note",
    ],
    libraries: [],
    node: [],
  },
  // Where else a record was decided: redrives, corrections by people, and back.
  "failures/lineage": {
    uses: [
      "core",
      "failures/failure-id",
      "failures/redrive/lineage",
      "failures/redrive/redeclare",
      "failures/repeated",
      "failures/taken",
      "gateway/decided",
      "gateway/lookup",
      "gateway/operate",
      "json",
      "ledger",
      "operator/actions",
      "source/source",
      "store/failures",
      "store/store",
      "store/stream-note",
    ],
    libraries: [],
    node: [],
  },
  // Records that are to be gone: out of evidence, documents and log.
  erase: {
    uses: [
      "core",
      "gateway",
      "json",
      "ledger",
      "operator/erasures",
      "operator/floors",
      "source/source",
      "store/ledger-walk",
      "store/store",
      "store/stream-note",
    ],
    libraries: [],
    node: [],
  },
  // Failures as data: found, grouped, what operators say of them.
  failures: {
    uses: [
      "core",
      "json",
      "store/store",
      "gateway/operate",
      "gateway/lookup",
      "gateway/stored-set",
      "store/failures",
      "store/stream-note",
      "ledger/entry",
      "ledger/operator-log",
      "ledger/proof",
      "operator/actions",
      "operator/floors",
      "store/groups",
      "store/contract-text",
      "ledger/redrive-stream",
      "schema/classification",
      "schema/violation",
    ],
    libraries: [],
    node: ["node:crypto"],
  },
  // What is promised, how much of it is kept, and both for other tools; pure.
  slo: {
    uses: [
      "core/unavailable",
      "gateway/event",
      "ledger/redrive-stream",
      "store/groups",
      "store/objective-count",
      "store/store",
      "store/volume",
    ],
    libraries: [],
    node: [],
  },
  // How many records were decided, and what became of them.
  volume: {
    uses: [
      "failures/parse-filter",
      "failures/view",
      "json",
      "ledger/redrive-stream",
      "store/groups",
      "store/store",
      "store/stream-note",
      "store/volume",
      "traffic/note",
    ],
    libraries: [],
    node: [],
  },
  // What a language model says of groups of failures: asked, judged, kept; no decision reads it.
  diagnosis: {
    uses: ["core", "doctor/check", "failures", "gateway/lookup", "json", "schema/schema", "store", "store/store"],
    libraries: ["ollama"],
    node: ["node:crypto"],
  },
  // Documents brought back from the ledger.
  repair: {
    uses: [
      "core",
      "gateway",
      "ledger",
      "operator/floors",
      "store/ledger-walk",
      "store/store",
      "store/stream-note",
      "store/volume",
    ],
    libraries: [],
    node: [],
  },
  // Copies of the embedded files.
  backup: { uses: ["json", "sqlite"], libraries: [], node: ["node:crypto", "node:fs", "node:path"] },
  // Validators that decide for this process: asked, watched, and answered by what a gateway would decide itself.
  pool: {
    uses: ["core", "gateway/event", "ledger/evidence", "schema/number-types"],
    libraries: [],
    node: ["node:v8"],
  },
  // Processes that decide for one that watches over them; pure but for its ports.
  workers: {
    uses: ["gateway/gateway", "gateway/totals", "observe/metrics/family", "traffic/hot-keys"],
    libraries: [],
    node: [],
  },
  // Gateway events become log lines.
  observe: {
    uses: [
      "workers/supervise",
      "core/failure",
      "core/record",
      "core/trace-context",
      "core/unavailable",
      "diagnosis/event",
      "gateway/batch-trace",
      "gateway/event",
      "lanes/event",
      "notify/sink",
      "rejudge/shadow/thread",
      "source/source",
      "store/store",
      "tls/event",
    ],
    libraries: ["@opentelemetry/api", "pino"],
    node: [],
  },
  // Gateway events as numbers, and the page that a collector reads.
  "observe/metrics": {
    uses: [
      "diagnosis/event",
      "gateway/event",
      "lanes/event",
      "ledger/redrive-stream",
      "notify/sink",
      "source/source",
      "tls/event",
    ],
    libraries: ["@prometheus-io/client"],
    node: ["node:perf_hooks"],
  },
  // Who is told of new groups of failures and of halts.
  notify: {
    uses: ["core/trace-context", "core/unavailable", "gateway/event", "source/source"],
    libraries: [],
    node: ["node:crypto", "node:http", "node:https", "node:net"],
  },
};
