import { userInfo } from "node:os";
import type { Command } from "commander";
import { EXIT } from "../codes.ts";
import { acceptGap, resumeStream, type Operator } from "../gateway/operate.ts";
import { openEngine } from "../main.ts";
import type { Stream } from "../source/source.ts";
import type { HaltNote } from "../store/operator.ts";
import { print, printJson, printTable, styled } from "./output.ts";
import { Refusal, usage } from "./refusal.ts";
import { configFor } from "./settings.ts";

export type ActOptions = { readonly reason: string; readonly json: boolean };

/** `sigma streams list`: every stream of the sources, how far it is settled, and why it stands still. Exit 10 when one does. */
export async function listStreams(command: Command, { json }: { readonly json: boolean }): Promise<void> {
  const config = await configFor(command);
  const { log, store, close } = await openEngine(config, [], "look");
  try {
    const halts = new Map((await store.reads.halts()).map((halt) => [halt.stream, halt]));
    const rows: string[][] = [];
    for (const stream of await log.streams()) {
      const { end } = await log.bounds(stream);
      const settledTo = (await store.tail(stream.id))?.to ?? null;
      const halt = halts.get(stream.id) ?? null;
      halts.delete(stream.id);
      if (json) printJson({ kind: "stream", ...stream, settledTo, logEnd: end, halt });
      rows.push([`${stream.topic}/${stream.partition}`, String(settledTo ?? "-"), String(end), stateOf(halt)]);
      if (halt !== null) process.exitCode = EXIT.findings;
    }
    // Of a topic that was made anew, or that is no longer a source.
    for (const halt of halts.values()) {
      if (json) printJson({ kind: "stream", ...halt, settledTo: null, logEnd: null, halt });
      rows.push([`${halt.topic}/${halt.partition}`, "-", "-", `${stateOf(halt)} (no longer in the sources)`]);
    }
    if (json) return;
    printTable([["STREAM", "SETTLED TO", "LOG END", "STATE"], ...rows], [1, 2]);
    for (const { topic, partition, code, message, remedy } of await store.reads.halts()) {
      print("");
      print(`${topic}/${partition}: ${styled("red", code)} ${message}`);
      print(`  fix: ${remedy}`);
    }
  } finally {
    await close();
  }
}

function stateOf(halt: HaltNote | null): string {
  return halt === null ? "" : `halted: ${halt.code}`;
}

/** `sigma streams resume TOPIC/PARTITION`: lets a stream that stands still try again. */
export async function resume(command: Command, name: string, options: ActOptions): Promise<void> {
  await withStream(command, name, async ({ store }, stream) => {
    await resumeStream(store, stream.id, operatorOf(options));
    if (options.json) return printJson({ kind: "resumed", stream: stream.id });
    print(`${name} may go on; its gateway looks every two seconds. See: sigma streams list`);
  });
}

/** `sigma streams accept-gap TOPIC/PARTITION`: records in the ledger that what lies before the log's start is lost. */
export async function acceptStreamGap(command: Command, name: string, options: ActOptions): Promise<void> {
  await withStream(command, name, async ({ store, log }, stream) => {
    const outcome = await acceptGap({ store, source: log }, stream, operatorOf(options));
    switch (outcome.kind) {
      case "accepted": {
        const { from, to } = outcome.entry;
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

function operatorOf({ reason }: ActOptions): Operator {
  if (reason.trim() === "") throw usage("SIG-I-012", "A reason is needed: it is kept for ever", "add --reason TEXT");
  return { actor: userInfo().username, at: new Date().toISOString(), reason: reason.trim().slice(0, 1_000) };
}
