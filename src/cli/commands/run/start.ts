import { existsSync } from "node:fs";
import type { Command } from "commander";
import { EXIT } from "../../../config/codes.ts";
import type { Config } from "../../../config/config.ts";
import { shownSettings, type ShownSetting } from "../../../config/shown-setting.ts";
import { DEFAULT_SOURCE } from "../../../config/gateway-settings.ts";
import { validatedBy } from "../../../config/sources.ts";
import { createLookup } from "../../../gateway/lookup.ts";
import type { LoadedContracts } from "../../../app/contracts.ts";
import type { Pipeline } from "../../../app/pipeline.ts";
import { Unavailable } from "../../../core/unavailable.ts";
import type { Logger } from "../../../observe/log/logger.ts";
import { isOpenToAll } from "../../../app/access.ts";
import { hasStore, routesHere } from "../../../app/roles.ts";
import { openLogger } from "../../../app/reports.ts";
import { openTls, type ServedTls } from "../../../app/tls.ts";
import { startService, type Service } from "../../../app/service.ts";
import { WORKER_VARIABLE } from "../../../workers/variable.ts";
import { requireContracts } from "../contracts.ts";
import { createFeeder, createHaltWatch } from "../ingest/feed.ts";
import { openInputs } from "../../input/inputs.ts";
import { LINE_BYTES_MAX } from "../../input/line-limit.ts";
import { readLineBatches } from "../../../json/lines.ts";
import { createMakeRecord } from "../ingest/new-records.ts";
import { goOnWithoutOutput } from "../../terminal/lost-output.ts";
import { print, printJson } from "../../terminal/output.ts";
import { packageFile, version } from "../../terminal/package.ts";
import { toRun, withCommands } from "../../terminal/printed-command.ts";
import { Refusal, usage } from "../../terminal/refusal.ts";
import { report } from "../../terminal/report.ts";
import { settingsFor } from "../../terminal/settings.ts";
import { onInterruption, type Interruption } from "../../terminal/signals.ts";
import { printTally, tallyJson, tallyOf } from "../../terminal/tally.ts";

type Options = { readonly demo: boolean; readonly json: boolean };

/** `sigma start`: runs the gateway until a signal, then stops it within the deadline. */
export async function start(command: Command, options: Options): Promise<void> {
  goOnWithoutOutput();
  if (process.env[WORKER_VARIABLE] !== undefined && process.send !== undefined) {
    const { runWorker } = await import("./worker.ts");
    return runWorker(command, Number(process.env[WORKER_VARIABLE]));
  }
  const { config, settings } = await settingsFor(command);
  const isOpen = await requireKey(config);
  const tls = await requireTls(config);
  const contracts = await requireContracts(config);
  const logger = await openLogger(config, withCommands);
  if (isOpen) logger.write("http.open", { "sigma.remedy": "make a key with `sigma keys api new --role admin`" });
  const interruption = onInterruption(config.shutdownDeadlineMs);
  try {
    const watch = createHaltWatch();
    const shown = shownSettings(settings);
    const service = await startUninterrupted(config, contracts, logger, tls, watch, interruption, shown);
    announce(service, config, options);
    // Else a terminal that is closed ends a process by itself, as before.
    if (config.process.workers > 1) process.on("SIGHUP", () => void service.roll());
    const failure = await serve(service, config, options, watch, interruption.signal);
    logger.write("gateway.stopping", { "sigma.deadline_ms": config.shutdownDeadlineMs });
    interruption.hurry();
    await stopService(service);
    if (failure !== null) process.exitCode = report(failure.error);
    else logger.write("gateway.stopped", {});
  } finally {
    interruption.dispose();
    // Failures have been reported by now; the timer ends the process even if something keeps the event loop alive.
    setTimeout(() => process.exit(), config.shutdownDeadlineMs).unref();
  }
}

/** @returns whether that is so, and wanted. @throws Refusal where other machines could reach the gateway, and nobody would need a key. */
async function requireKey(config: Config): Promise<boolean> {
  const isWanted = config.http.allowRemoteWithoutKeys;
  // A store that is away now is no reason not to start where nobody is to need a key.
  const isOpen = await isOpenToAll(config).catch((error: unknown) => {
    if (isWanted && error instanceof Unavailable) return true;
    throw error;
  });
  if (!isOpen || isWanted) return isOpen;
  const message = `Cannot listen on "${config.http.host}": other machines could reach the gateway, and no key was made that they would need`;
  if (!hasStore(config)) {
    const without = `Cannot listen on "${config.http.host}" as ${config.process.role}: other machines could reach it, and without a store it knows no keys`;
    throw usage(
      "SIG-S-007",
      without,
      "use 127.0.0.1, or set http.allow_remote_without_keys: true where only workers or a proxy reach it",
    );
  }
  const remedy =
    "make one with `sigma keys api new --role admin`, use 127.0.0.1, or set http.allow_remote_without_keys: true behind a proxy that authenticates";
  throw usage("SIG-S-007", message, remedy);
}

/** What the server speaks TLS with; null: plain HTTP. @throws Refusal where its files cannot be used. */
async function requireTls({ http }: Config): Promise<ServedTls | null> {
  const opened = await openTls(http.tls);
  if (opened === null || !("unfit" in opened)) return opened;
  const remedy = "name a certificate and its key, both in PEM, that belong together";
  throw usage("SIG-S-027", `Cannot speak TLS: ${opened.unfit}`, remedy);
}

type Watch = ReturnType<typeof createHaltWatch>;

/** Starts the service. A signal during the start ends the process at once, and in order: nothing was acknowledged yet. */
async function startUninterrupted(
  config: Config,
  contracts: LoadedContracts,
  logger: Logger,
  tls: ServedTls | null,
  watch: Watch,
  { signal, exitCode }: Interruption,
  settings: readonly ShownSetting[],
): Promise<Service> {
  const quit = (): void => process.exit(exitCode() === EXIT.interrupted ? EXIT.interrupted : EXIT.ok);
  signal.addEventListener("abort", quit, { once: true });
  if (signal.aborted) quit();
  try {
    return await startService(config, contracts, logger, version(), watch.observe, tls, settings);
  } catch (error) {
    throw asListenError(error, config);
  } finally {
    signal.removeEventListener("abort", quit);
  }
}

/**
 * Waits until the service ends.
 * @returns the error that ended it, or null after a signal.
 */
async function serve(
  service: Service,
  config: Config,
  options: Options,
  watch: Watch,
  signal: AbortSignal,
): Promise<{ readonly error: unknown } | null> {
  const { promise, resolve } = Promise.withResolvers<{ readonly error: unknown } | null>();
  const fail = (error: unknown): void => resolve({ error });
  signal.addEventListener("abort", () => resolve(null), { once: true });
  if (signal.aborted) resolve(null);
  service.pipeline.gateway.done.catch(fail);
  service.router?.done.catch(fail);
  void failOnDamage(service, fail);
  if (options.demo) feedExamples(service, config, options, watch, signal).catch(fail);
  return promise;
}

async function failOnDamage({ damage }: Service, fail: (error: unknown) => void): Promise<void> {
  const found = await damage;
  if (found !== null) fail(found);
}

async function stopService(service: Service): Promise<void> {
  try {
    await service.stop();
  } catch (error) {
    // When a bug ended the gateway, the bug is reported instead of this error.
    if (service.pipeline.gateway.streams().every(({ state }) => state === "stopped")) throw error;
  }
}

function announce({ url }: Service, config: Config, { json }: Options): void {
  const topics = config.sources.map(({ topic, subject }) => ({ topic, subject }));
  if (json) {
    const validate = judgingName(config);
    const engines = { log: logName(config), store: storeName(config) };
    const { role, workers } = config.process;
    return printJson({
      kind: "started",
      url,
      role,
      workers,
      dataDir: config.dataDir,
      ...engines,
      sources: topics,
      validate,
    });
  }
  const { role } = config.process;
  print(`sigma ${version()} on ${url}${role === "all" ? "" : `, as ${role}`}`);
  if (hasStore(config)) announceEngines(config);
  if (config.process.workers > 1) print(`  ${config.process.workers} workers decide`);
  if (routesHere(config)) for (const { source, lanes } of config.routes) announceRoute(source.topic, lanes);
  if (role === "router") return;
  for (const { topic, subject } of topics) print(`  topic  ${topic}, judged by contract ${subject}`);
  print(
    `  verdicts of POST /api/validate are by contract ${judgingName(config) ?? "none"}, unless another is declared`,
  );
}

function announceRoute(topic: string, lanes: readonly { readonly name: string }[]): void {
  print(`  moves  ${topic} to its lanes ${lanes.map(({ name }) => name).join(", ")}`);
}

/** Where records and decisions are. */
function announceEngines(config: Config): void {
  if (config.kafka !== null) print(`  log    Kafka at ${config.kafka.brokers.join(", ")}, group ${config.kafka.group}`);
  if (config.mongodbUri !== null) print("  store  MongoDB");
  if (config.kafka === null || config.mongodbUri === null) print(`  data   ${config.dataDir}`);
}

/** The contract that judges POST /api/validate, as shipment@1; null when none is configured. */
function judgingName({ http, sources }: Config): string | null {
  const judge = validatedBy(http.validate, sources);
  if (judge === null) return null;
  return judge.version === null ? judge.subject : `${judge.subject}@${judge.version}`;
}

/** The log that a process has open; null: none. */
function logName(config: Config): "embedded" | "kafka" | null {
  if (config.process.role === "validator") return null;
  return config.kafka === null ? "embedded" : "kafka";
}

/** The store that a process has open; null: none. */
function storeName(config: Config): "embedded" | "mongodb" | null {
  if (!hasStore(config)) return null;
  return config.mongodbUri === null ? "embedded" : "mongodb";
}

/**
 * Feeds the example records at the first start, to show what the gateway does. It never writes to a store or log that holds
 * records, nor to Kafka or MongoDB.
 */
async function feedExamples(
  { url, pipeline }: Service,
  config: Config,
  { json }: Options,
  watch: Watch,
  signal: AbortSignal,
): Promise<void> {
  if (config.kafka !== null || config.mongodbUri !== null || config.process.role !== "all") return;
  const file = packageFile("examples/shipments.ndjson");
  const source = config.sources.find(({ topic }) => topic === DEFAULT_SOURCE.topic);
  if (source?.subject !== DEFAULT_SOURCE.subject || !existsSync(file) || !(await isEmpty(pipeline))) return;
  const [input] = openInputs([file]);
  if (input === undefined) return;
  const make = createMakeRecord({}, source.topic, pipeline.contracts.current());
  const feeder = createFeeder(pipeline, source.topic, watch, { make, stop: signal });
  for await (const batch of readLineBatches(input.chunks(), {
    ...config.batch,
    lineBytesMax: LINE_BYTES_MAX,
    eager: true,
  }))
    await feeder.add(batch, file);
  await feeder.settle();
  if (signal.aborted) return;
  const tally = await tallyOf(createLookup(pipeline.store.reads), feeder.ranges());
  if (json) return printJson({ kind: "examples", topic: source.topic, ...tallyJson(tally) });
  print("");
  print("The store was empty, so it was fed the example records once (--no-demo leaves them out):");
  printTally(tally);
  print("");
  print("Try next:");
  print(`  curl -s ${url}/api/validate -H 'content-type: application/json' \\`);
  print(`    -d '{"shipment_id":"","weight_kg":-5,"destination":"Dublin"}'`);
  print(`  curl -s ${url}/v1/decisions/${source.topic}/0/4`);
  print(`  ${toRun("audit")}`);
}

async function isEmpty({ log, store }: Pipeline): Promise<boolean> {
  const { validated, failed, receipts } = await store.reads.tally();
  if (validated + failed + receipts > 0) return false;
  for (const stream of await log.streams()) {
    if ((await log.bounds(stream)).end > 0n) return false;
  }
  return true;
}

function asListenError(error: unknown, { http }: Config): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  const where = `${http.host}:${http.port}`;
  if (code === "EADDRINUSE") {
    return new Refusal(
      "SIG-H-001",
      `Cannot listen on ${where}: another program does`,
      "end it, or choose another port with --port; 0 picks a free one",
      EXIT.error,
    );
  }
  if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    return new Refusal(
      "SIG-H-002",
      `Cannot listen on ${where}: the system answered ${code}`,
      "choose an address of this machine and a port from 1024 on",
      EXIT.error,
    );
  }
  return error;
}
