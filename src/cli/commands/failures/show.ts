import type { Command } from "commander";
import { openEngine } from "../../../app/engine.ts";
import { placeText } from "../../../core/origin.ts";
import { EXIT } from "../../../config/codes.ts";
import { diagnosisOf } from "../../../diagnosis/diagnose.ts";
import { adviceView, type AdviceView } from "../../../diagnosis/diagnosis.ts";
import { exported } from "../../../failures/export.ts";
import { failureId, parseFailureId, type NamedPosition } from "../../../failures/failure-id.ts";
import { failuresAt, newestOf } from "../../../failures/find.ts";
import type { Counted } from "../../../failures/group-sample.ts";
import type { Trend } from "../../../failures/groups.ts";
import { openLineage } from "../../../failures/lineage/lineage.ts";
import { openReveals } from "../../../failures/reveal.ts";
import { describeTaken, takenFailures } from "../../../failures/taken.ts";
import { groupDetail, timeText, type GroupDetail } from "../../../failures/view.ts";
import { toJsonText } from "../../../json/json-text.ts";
import type { FailureRecord } from "../../../store/failures.ts";
import { counted, grouped, print, printJsonValues, styled } from "../../terminal/output.ts";
import { plainText } from "../../terminal/plain-text.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { Refusal } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { operatorOf } from "../operate/operator.ts";
import { adviceLines } from "./advice-lines.ts";
import { lineageLines } from "./lineage-lines.ts";
import { groupNamed, withFailures, type OpenFailures } from "./open-failures.ts";
import { showDecision } from "./show-decision.ts";

type Options = {
  readonly json: boolean;
  readonly raw: boolean;
  /** Why redacted bytes are shown all the same. */
  readonly reveal?: string;
};

/** `sigma failures show`: a failure with its bytes, or a group with what its failures have in common. */
export async function show(command: Command, what: string, options: Options): Promise<void> {
  await withFailures(command, async (open) => {
    const position = parseFailureId(what);
    if (position === null) return showGroup(open, what, options);
    const [failure, ...others] = await failuresAt(open.reads, position);
    if (failure === undefined) return showWithout(open, what, position, options);
    await (options.raw ? writeRaw(command, open, failure, options) : showFailure(open, failure, options));
    if (others.length > 0 && !options.json && !options.raw)
      print(`Also there: ${others.map((one) => plainText(failureId(one))).join(", ")}`);
  });
}

/** A position without a failure: what became of one that retention took, or of a record that failed elsewhere. @throws Refusal where there is none */
async function showWithout(
  { reads, lookup }: OpenFailures,
  what: string,
  position: NamedPosition,
  { json, raw }: Options,
): Promise<void> {
  const [failure] = await takenFailures(reads, position);
  if (failure === undefined && !raw && (await showDecision({ reads, lookup }, position, { json }))) return;
  if (failure === undefined || raw) throw await noFailure(reads, what);
  const lineage = await openLineage({ reads, lookup }).ofFailure(failure.stream, failure.offset);
  const id = failureId(failure);
  if (json) return printJsonValues({ kind: "failure-taken", id, ...lineage });
  print(`${styled("bold", plainText(id))}  ${styled("red", "taken by retention")}`);
  print("");
  lineageLines(lineage).forEach(print);
}

/** Why there is no failure at a position: none was ever there, or retention took it. */
export async function noFailure(reads: Parameters<typeof takenFailures>[0], what: string): Promise<Refusal> {
  const position = parseFailureId(what);
  const [failure] = position === null ? [] : await takenFailures(reads, position);
  if (failure === undefined) return unknownFailure(what);
  const message = `Cannot find a failure at ${plainText(what, 320)}: ${plainText(failure.taken.map(describeTaken).join("; "))}`;
  return new Refusal("SIG-F-014", message, `see ${toRun(`failures show ${plainText(what, 320)}`)}`, EXIT.findings);
}

/** No stream of the store has a failure there. */
function unknownFailure(what: string): Refusal {
  const message = `Cannot find a failure at ${plainText(what, 320)}: the position failed in no stream of the store`;
  return new Refusal("SIG-F-003", message, `see ${toRun("failures list")}`, EXIT.usage);
}

async function writeRaw(
  command: Command,
  { lookup, redaction }: OpenFailures,
  failure: FailureRecord,
  { reveal }: Options,
): Promise<void> {
  const { stream, offset, contract } = failure;
  const [row] = await lookup.rows(stream.stream, offset, offset + 1n);
  if (row === undefined || row.raw === null) {
    const message = `Cannot show the bytes of ${failureId(failure)}: none are kept`;
    throw new Refusal(
      "SIG-F-004",
      message,
      "a tombstone has none, and those of an erased record are gone",
      EXIT.findings,
    );
  }
  if (redaction.isFor(contract)) await keepReveal(command, failure, reveal);
  process.stdout.write(row.raw);
}

/** Keeps in the operator log who is shown redacted bytes, and why, before they are. @throws Refusal without a reason. */
async function keepReveal(command: Command, failure: FailureRecord, reason: string | undefined): Promise<void> {
  if (reason === undefined) {
    const message = `Cannot show the bytes of ${failureId(failure)}: the settings redact values of such records`;
    throw new Refusal("SIG-F-006", message, "add --reveal REASON: who looks and why is kept", EXIT.findings);
  }
  const { store, close } = await openEngine(await configFor(command), [], "operate");
  try {
    const { stream, topic, partition } = failure.stream;
    await openReveals(store)({ stream, topic, partition, offset: failure.offset }, operatorOf({ reason }));
  } finally {
    await close();
  }
}

async function showFailure(
  { reads, lookup, redaction }: OpenFailures,
  failure: FailureRecord,
  { json }: Options,
): Promise<void> {
  const { payload, raw, key, headers, ...view } = await exported(lookup, failure, redaction);
  const lineage = await openLineage({ reads, lookup }).ofFailure(failure.stream, failure.offset);
  if (json)
    return printJsonValues({ kind: "failure", ...view, ...withDefined({ payload, raw, key, headers }), ...lineage });
  const line = (name: string, value: string): void => print(`${name.padEnd(11)}${value}`);
  print(`${styled("bold", view.id)}  ${styled("red", view.code)}`);
  print("");
  line("why", plainText(view.detail));
  line("where", view.pointers.length === 0 ? "-" : plainText(view.pointers.join(", ")));
  line(
    "contract",
    view.contract === null ? "-" : `${view.contract.subject}@${view.contract.version} (${view.declaredBy ?? "-"})`,
  );
  line("producer", plainText(view.producer ?? "-"));
  if (view.origin !== undefined) line("arrived at", placeText({ ...view.origin, offset: BigInt(view.origin.offset) }));
  line("time", view.at ?? String(view.atMs));
  line("group", view.fingerprint);
  if (key !== undefined && key !== null) line("key", plainText(Buffer.from(key, "base64").toString("utf8"), 200));
  for (const [name, value] of headers ?? [])
    line("header", plainText(`${name}: ${Buffer.from(value, "base64").toString("utf8")}`, 200));
  if (payload !== undefined) line("payload", plainText(toJsonText(payload)));
  const bytes = raw === undefined || raw === null ? null : Buffer.from(raw, "base64");
  const none = redaction.isFor(failure.contract) ? "redacted; --raw --reveal REASON shows them" : "none are kept";
  line("bytes", bytes === null ? none : counted(bytes.length, "byte"));
  if (bytes !== null)
    print(`           ${plainText(bytes.subarray(0, SHOWN).toString("utf8"))}${bytes.length > SHOWN ? "…" : ""}`);
  lineageLines(lineage).forEach(print);
  print("");
  print(`Its bytes: ${toRun(`failures show ${view.id} --raw`)}`);
  print(`Its group: ${toRun(`failures show ${view.fingerprint.slice(0, 8)}`)}`);
}

const SHOWN = 400;

function withDefined(given: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

async function showGroup(open: OpenFailures, begin: string, { json, raw }: Options): Promise<void> {
  if (raw) throw unknownFailure(begin);
  const group = await groupNamed(open, begin);
  const { newest, sample } = await newestOf(open.reads, group.fingerprint, open.redaction);
  const trend = await open.groups.trend(group.fingerprint, open.nowMs);
  const detail = groupDetail(group, trend, sample, newest, open.redaction);
  const advice = adviceView(await diagnosisOf(open.reads, group.fingerprint));
  if (json) return printJsonValues({ kind: "group", ...detail, advice });
  printGroup(detail, trend, advice);
}

function printGroup(detail: GroupDetail, trend: Trend, advice: AdviceView | null): void {
  const { fingerprint, code, contract, count, redriven, first, last, topics, state, owner, sample } = detail;
  const line = (name: string, value: string): void => print(`${name.padEnd(11)}${value}`);
  const where = contract === null ? "" : `  ${contract.subject}@${contract.version}`;
  print(`${styled("bold", fingerprint)}  ${styled("red", code)}${where}`);
  print("");
  line("why", plainText(detail.examples[0]?.detail ?? code));
  line("the same", plainText(detail.recipe));
  line("failures", `${grouped(count)}${redriven > 0 ? `, and ${grouped(redriven)} when sent again` : ""}`);
  line("since", `${first ?? "?"} until ${last ?? "?"}`);
  line("topics", topics.join(", "));
  line("producers", frequencies(sample.producers, sample.looked));
  if (sample.values.length > 0) line("found", frequencies(sample.values, sample.looked));
  line(
    "state",
    state.kind +
      (state.set === undefined
        ? ""
        : ` since ${state.set.at} by ${plainText(state.set.actor)}: ${plainText(state.set.text)}`),
  );
  if (owner !== null) line("owner", plainText(owner));
  for (const { at, actor, text } of detail.notes) line("note", `${at} ${plainText(actor)}: ${plainText(text)}`);
  if (trend.length > 0) {
    print("");
    print("by hour, the last 30 days:");
    const most = Math.max(...trend.map((one) => one.count));
    for (const one of trend.slice(-HOURS_SHOWN))
      print(`  ${hourText(one.hour)}  ${grouped(one.count).padStart(9)}  ${bar(one.count, most)}`);
  }
  print("");
  print("newest:");
  for (const example of detail.examples)
    print(`  ${plainText(example.id)}  ${example.at ?? ""}  ${plainText(example.detail, 120)}`);
  if (advice !== null) {
    print("");
    adviceLines(advice).forEach(print);
  }
  print("");
  print(`All of them: ${toRun(`failures list --group ${fingerprint}`)}`);
}

const HOURS_SHOWN = 24;
const BAR = 40;

function bar(count: number, most: number): string {
  return "█".repeat(Math.max(1, Math.round((count / most) * BAR)));
}

function hourText(hour: number): string {
  return (
    timeText(hour * 3_600_000)
      ?.slice(0, 16)
      .replace("T", " ") ?? ""
  );
}

function frequencies(values: readonly Counted[], looked: number): string {
  if (values.length === 0) return "none is named";
  const some = values.slice(0, 5).map(({ value, count }) => `${plainText(value, 60)} (${grouped(count)})`);
  return `${some.join(", ")}${values.length > 5 ? ", ..." : ""}  of the newest ${grouped(looked)}`;
}
