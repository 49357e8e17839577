import type { Command } from "commander";
import { EXIT } from "../../../config/codes.ts";
import { acceptGap, acceptLog, resumeStream } from "../../../gateway/operate.ts";
import { streamStates, type StreamState } from "../../../operator/stream-states.ts";
import { openEngine } from "../../../app/engine.ts";
import type { Stream } from "../../../source/source.ts";
import type { HaltNote } from "../../../ledger/operator-log.ts";
import { operatorOf } from "./operator.ts";
import { runbookOf } from "../../../observe/runbooks.ts";
import { print, printJson, printTable, styled } from "../../terminal/output.ts";
import { toRun, withCommands } from "../../terminal/printed-command.ts";
import { Refusal, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";

export type ActOptions = { readonly reason: string; readonly json: boolean };

/**
 * `sigma streams list`: shows every stream, how far it is settled, and why it is halted. Exit 10 when a stream of the sources
 * is halted; a stream that is no longer in the sources does not count.
 */
export async function listStreams(command: Command, { json }: { readonly json: boolean }): Promise<void> {
  const config = await configFor(command);
  const { log, store, close } = await openEngine(config, [], "read");
  try {
    const states = await streamStates(log, store);
    if (states.some((state) => state.kind === "current" && state.halt !== null)) process.exitCode = EXIT.findings;
    if (json) states.forEach(printStateJson);
    else printStates(states);
  } finally {
    await close();
  }
}

function printStateJson(state: StreamState): void {
  const { settledTo } = state;
  if (state.kind === "current")
    return printJson({ kind: "stream", ...state.stream, settledTo, logEnd: state.logEnd, halt: state.halt });
  const { note, ended } = state;
  printJson({ kind: "stream", ...note, settledTo, logEnd: null, ended, halt: ended ? null : note });
}

function printStates(states: readonly StreamState[]): void {
  printTable([["STREAM", "SETTLED TO", "LOG END", "STATE"], ...states.map(rowOf)], [1, 2]);
  for (const state of states) {
    const note = state.kind === "current" ? state.halt : state.note;
    if (note === null) continue;
    const { topic, partition, code, message, remedy } = note;
    print("");
    if (code === "STREAM_ENDED") print(`${topic}/${partition}: ${message}`);
    else {
      print(`${topic}/${partition}: ${styled("red", code)} ${message}`);
      print(`  fix: ${withCommands(remedy)}`);
      print(`  see: ${runbookOf(code)}`);
    }
  }
}

function rowOf(state: StreamState): readonly string[] {
  const settledTo = String(state.settledTo ?? "-");
  if (state.kind === "current") {
    const { topic, partition } = state.stream;
    return [`${topic}/${partition}`, settledTo, String(state.logEnd), stateOf(state.halt)];
  }
  const { note, ended } = state;
  const words = ended ? "ended" : `${stateOf(note)} (no longer in the sources)`;
  return [`${note.topic}/${note.partition}`, settledTo, "-", words];
}

function stateOf(halt: HaltNote | null): string {
  return halt === null ? "" : `halted: ${halt.code}`;
}

/** `sigma streams resume TOPIC/PARTITION`: lets a halted stream try again. */
export async function resume(command: Command, name: string, options: ActOptions): Promise<void> {
  await withStream(command, name, async ({ store }, stream) => {
    await resumeStream(store, stream.id, operatorOf(options));
    if (options.json) return printJson({ kind: "resumed", stream: stream.id });
    print(`${name} may go on; its gateway looks every two seconds. See: ${toRun("streams list")}`);
  });
}

/** `sigma streams accept-gap TOPIC/PARTITION`: records in the ledger that the records before the log's start are lost. */
export async function acceptStreamGap(command: Command, name: string, options: ActOptions): Promise<void> {
  await withStream(command, name, async ({ store, log }, stream) => {
    const outcome = await acceptGap({ store, source: log }, stream, operatorOf(options));
    switch (outcome.kind) {
      case "accepted": {
        const { from, to } = outcome;
        if (options.json) return printJson({ kind: "gap-accepted", stream: stream.id, from, to });
        return print(`${name}: offsets [${from}, ${to}) are recorded as lost, and the audit says so from now on`);
      }
      case "nothing-lost":
        throw usage(
          "SIG-I-010",
          `Cannot accept a gap of ${name}: its log starts at ${outcome.logStart}, the position is ${outcome.position}`,
          "nothing is lost; see sigma streams list",
        );
      case "unknown":
        throw usage("SIG-I-010", `Cannot accept a gap of ${name}: nothing of it was ever decided`, "start the gateway");
      case "halted":
        throw new Refusal(
          "SIG-I-010",
          `Cannot accept a gap of ${name}: ${outcome.halt.message}`,
          outcome.halt.remedy,
          EXIT.error,
        );
      case "lost":
        throw new Refusal(
          "SIG-I-010",
          `Cannot accept a gap of ${name}: the ledger was written meanwhile`,
          "look again",
          EXIT.error,
        );
    }
  });
}

/** `sigma streams accept-log`: lets the configured log replace the log that the store knows. */
export async function acceptOtherLog(command: Command, options: ActOptions): Promise<void> {
  const config = await configFor(command);
  const { log, store, close } = await openEngine(config, [], "operate");
  try {
    for (const outcome of await acceptLog({ store, source: log }, operatorOf(options))) {
      if (options.json) printJson({ ...outcome, kind: `log-${outcome.kind}` });
      else if (outcome.kind === "known")
        print(`the store decides the log ${outcome.log}, or knows none: nothing is to be done`);
      else {
        const { log: taken, instead, again } = outcome;
        print(`the log ${taken} takes the place of ${instead.join(", ")}, and the audit says so from now on`);
        print(
          "What was acknowledged there and never decided is recorded as lost; should that log come back, its streams are halted.",
        );
        if (again) print("What was recorded as lost of this one is decided, as far as it is there.");
        print("A gateway that runs goes on within seconds.");
      }
    }
  } finally {
    await close();
  }
}

type Engine = Awaited<ReturnType<typeof openEngine>>;

async function withStream(
  command: Command,
  name: string,
  act: (engine: Engine, stream: Stream) => Promise<void>,
): Promise<void> {
  const config = await configFor(command);
  const engine = await openEngine(config, [], "operate");
  try {
    const streams = await engine.log.streams();
    const stream = streams.find(({ topic, partition, id }) => name === `${topic}/${partition}` || name === id);
    if (stream === undefined) {
      const known = streams.slice(0, 20).map(({ topic, partition }) => `${topic}/${partition}`);
      throw usage("SIG-I-011", `There is no stream "${name.slice(0, 300)}"`, `use one of ${known.join(", ")}`);
    }
    await act(engine, stream);
  } finally {
    await engine.close();
  }
}
