import type { LoadedContracts } from "../../../app/contracts.ts";
import { checkFiles, refuseDamage } from "../../../app/data-directory.ts";
import { EXIT } from "../../../config/codes.ts";
import type { AnchorEvent, GatewayEvent, Observe } from "../../../gateway/event.ts";
import { createRedaction } from "../../../failures/redact.ts";
import { createLookup } from "../../../gateway/lookup.ts";
import { startPipeline, type Pipeline } from "../../../app/pipeline.ts";
import { createFeeder, createHaltWatch, decideBacklog, type Feeder, type Settled } from "./feed.ts";
import { createFirstFailures, failedLine, printFirstFailures, type FirstFailures } from "./first-failures.ts";
import { readInputs, resumeHint, type Reading, type Sink } from "./ingest-reading.ts";
import { createMakeRecord } from "./new-records.ts";
import { note, printJson } from "../../terminal/output.ts";
import { withCommands } from "../../terminal/printed-command.ts";
import { createProgress } from "../../terminal/progress.ts";
import { onInterruption } from "../../terminal/signals.ts";
import { tellWait } from "../../terminal/waiting.ts";
import { createTallying, failedIn, printTally, tallyJson, tallyOf, type Tally } from "../../terminal/tally.ts";

const CHECKING = "log and store are checked for damage; after 10 s the check goes on beside the records";
/** Embedded files are opened within a moment, or not at all. */
const OPENING = "MongoDB is asked for its collections";

/** `sigma ingest` into the data directory: runs the whole pipeline in this process. */
export async function ingestHere(reading: Reading, contracts: LoadedContracts): Promise<void> {
  const { config, topic, options } = reading;
  const make = createMakeRecord(options, topic, contracts.set);
  const interruption = onInterruption(config.shutdownDeadlineMs);
  const watch = createHaltWatch();
  const tallying = createTallying();
  const observe: Observe = (event) => {
    watch.observe(event);
    tallying.observe(event);
    reportTrouble(event);
  };
  const check = await checkFiles(config);
  const damage = onDamage(check);
  const pipeline = await tellWait(options.quiet ? null : CHECKING, refuseDamage(check))
    .then(async () => {
      const starting = startPipeline(config, contracts, observe, undefined, reportAnchors);
      return tellWait(options.quiet || config.mongodbUri === null ? null : OPENING, starting);
    })
    .catch(async (error: unknown) => {
      await check.stop();
      interruption.dispose();
      throw error;
    });
  const progress = createProgress(options.quiet ? "none" : options.json ? "json" : "text");
  const failures = createFirstFailures(options.showFailures);
  try {
    const stopped = AbortSignal.any([interruption.signal, damage.signal]);
    await decideBacklog(pipeline, topic, AbortSignal.any([stopped, watch.signal]));
    tallying.clear();
    const onSettled = nameFailures(pipeline, failures, tallying.tally, config);
    const feeder = createFeeder(pipeline, topic, watch, { make, onSettled });
    const sink: Sink = {
      add: feeder.add,
      settle: feeder.settle,
      count: feeder.appended,
      failed: () => failedIn(tallying.tally()),
    };
    const stop = await readInputs(reading, sink, progress, stopped);
    progress.end();
    const tally = await exactTally(pipeline, feeder, tallying.tally());
    if (options.json) printJson({ kind: "tally", topic, ...tallyJson(tally), firstFailures: failures.list() });
    else {
      printTally(tally);
      printFirstFailures(failures.list(), failedIn(tally));
    }
    if (stop !== null) note(resumeHint(stop));
    damage.signal.throwIfAborted();
    const failed = options.strict && failedIn(tally) > 0;
    process.exitCode = interruption.exitCode() ?? (failed ? EXIT.findings : EXIT.ok);
  } finally {
    progress.end();
    await pipeline.stop();
    await check.stop();
    interruption.dispose();
  }
}

/** A signal that aborts with the damage that a check finds. */
function onDamage({ damage }: Pick<Awaited<ReturnType<typeof checkFiles>>, "damage">): AbortController {
  const found = new AbortController();
  void damage.then((one) => (one === null ? undefined : found.abort(one)));
  return found;
}

/**
 * Reads the failures of a settled batch from the store, as long as more are wanted. It skips the read when the observed
 * events account for all records and show no new failure; missing events mean that another process settled records.
 */
function nameFailures(
  { store, contracts }: Pipeline,
  failures: FirstFailures,
  tally: () => Tally,
  config: Reading["config"],
): (settled: Settled) => Promise<void> {
  const lookup = createLookup(store.reads);
  const redaction = createRedaction(config.redact, contracts.current);
  let looked = 0;
  return async ({ positions, lineNumbers, file }) => {
    looked += positions.length;
    const seen = tally();
    if (!failures.isWanted() || (seen.records >= looked && failedIn(seen) <= failures.count())) return;
    const lines = new Map(positions.map(({ stream, offset }, at) => [`${stream}@${offset}`, lineNumbers[at] ?? 0]));
    const found: { readonly line: number; readonly failed: ReturnType<typeof failedLine> }[] = [];
    for (const stream of new Set(positions.map((one) => one.stream))) {
      const offsets = positions.filter((one) => one.stream === stream).map(({ offset }) => offset);
      const [first, last] = [offsets[0] ?? 0n, offsets.at(-1) ?? 0n];
      for (const row of await lookup.rows(stream, first, last + 1n)) {
        const line = lines.get(`${stream}@${row.position.offset}`);
        if (row.kind === "failed" && line !== undefined)
          found.push({ line, failed: failedLine(file, line, row, redaction) });
      }
    }
    for (const { failed } of found.toSorted((a, b) => a.line - b.line)) failures.add(failed);
  };
}

/** The tally of all records. When another process settled some of them, they are counted in the store. */
async function exactTally(pipeline: Pipeline, feeder: Feeder, seen: Tally): Promise<Tally> {
  return seen.records === feeder.appended() ? seen : tallyOf(createLookup(pipeline.store.reads), feeder.ranges());
}

/** Reports trouble of the streams at once. */
function reportTrouble(event: GatewayEvent): void {
  if (event.kind === "stream-paused")
    note(`waiting: ${event.code} ${event.message}\n  fix: ${withCommands(event.remedy)}`);
  if (event.kind === "stream-resumed") note("going on");
}

/** Reports trouble with anchors, although they do not affect the ingested records. */
function reportAnchors(event: AnchorEvent): void {
  if (event.kind === "anchor-trouble")
    note(`warning ${event.code} ${event.message}\n  fix: ${withCommands(event.remedy)}`);
}
