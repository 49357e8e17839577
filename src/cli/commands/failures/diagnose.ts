import type { Command } from "commander";
import { hasData } from "../../../app/data-directory.ts";
import { diagnoseDeps, gatherDeps } from "../../../app/diagnosing.ts";
import { openEngine } from "../../../app/engine.ts";
import { EXIT } from "../../../config/codes.ts";
import type { Config } from "../../../config/config.ts";
import type { CompiledContractSet } from "../../../core/compiled.ts";
import { diagnoseGroup, diagnosisOf } from "../../../diagnosis/diagnose.ts";
import { isOutage } from "../../../diagnosis/diagnoser.ts";
import { adviceView, promptDigest, type Diagnosis } from "../../../diagnosis/diagnosis.ts";
import { gatherQuestion } from "../../../diagnosis/gather.ts";
import { writePrompt } from "../../../diagnosis/prompt.ts";
import { openGroups } from "../../../failures/groups.ts";
import { holdsRedriven } from "../../../failures/redriven.ts";
import type { Store } from "../../../store/store.ts";
import { requireContracts } from "../contracts.ts";
import { note, print, printJson, styled } from "../../terminal/output.ts";
import { plainText } from "../../terminal/plain-text.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { Refusal, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { onInterruption } from "../../terminal/signals.ts";
import { adviceLines } from "./advice-lines.ts";
import { groupNamed } from "./open-failures.ts";

export type DiagnoseOptions = { readonly again: boolean; readonly prompt: boolean; readonly json: boolean };

const DEADLINE_MS = 10_000;
const DAY_MS = 86_400_000;

/** `sigma diagnose`: asks the configured model about one group, and stores its advice. */
export async function diagnose(command: Command, begin: string, options: DiagnoseOptions): Promise<void> {
  const config = await configFor(command);
  if (!hasData(config)) {
    const message = `Cannot diagnose: ${config.dataDir} holds no data yet`;
    throw usage("SIG-I-007", message, `begin with ${toRun("start")}, or name another with --data`);
  }
  if (!options.prompt && config.diagnosis.url === null)
    throw usage(
      "SIG-D-001",
      "Cannot diagnose: no language model is configured",
      "set diagnosis.url, as SIGMA_DIAGNOSIS_URL=http://127.0.0.1:11434; --prompt shows what it would be asked",
    );
  const { set } = await requireContracts(config);
  const { store, close } = await openEngine(config, [], options.prompt ? "read" : "operate");
  try {
    const fingerprint = await fingerprintOf(store, begin);
    if (options.prompt) return await showPrompt(config, store, set, fingerprint, options);
    await ask(config, store, set, fingerprint, options);
  } finally {
    await close();
  }
}

async function fingerprintOf({ reads }: Store, begin: string): Promise<string> {
  const groups = openGroups(reads, holdsRedriven);
  const { fingerprint } = await groupNamed({ groups, nowMs: Date.now() }, begin);
  return fingerprint;
}

/** Prints the question as it would be sent. */
async function showPrompt(
  config: Config,
  { reads }: Store,
  set: CompiledContractSet,
  fingerprint: string,
  { json }: DiagnoseOptions,
): Promise<void> {
  const question = await gatherQuestion(
    gatherDeps(config, reads, () => set),
    fingerprint,
  );
  if (question === null) throw nothingLeft(fingerprint);
  const prompt = writePrompt(question, config.diagnosis.promptMax);
  if (json) return printJson({ kind: "prompt", fingerprint, promptDigest: promptDigest(prompt), ...prompt });
  prompt.system.split("\n").forEach((line) => print(line));
  print("");
  print(plainText(prompt.user));
  note("Nobody was asked.");
}

async function ask(
  config: Config,
  store: Store,
  set: CompiledContractSet,
  fingerprint: string,
  { again, json }: DiagnoseOptions,
): Promise<void> {
  const deps = await diagnoseDeps(config, store, () => set);
  if (deps === null) throw new Error("Cannot diagnose: no language model is configured");
  const known = await diagnosisOf(store.reads, fingerprint);
  if (again || known?.outcome !== "advised") await refuseAboveCap(config, store);
  const interruption = onInterruption(DEADLINE_MS);
  try {
    if (!json) note(`Asking ${plainText(deps.diagnoser.model)} ...`);
    const diagnosed = await diagnoseGroup(deps, fingerprint, again, interruption.signal);
    switch (diagnosed.kind) {
      case "nothing":
        throw nothingLeft(fingerprint);
      case "aborted":
        process.exitCode = interruption.exitCode() ?? EXIT.error;
        return note("Interrupted: nothing was stored.");
      case "known":
      case "diagnosed":
        printDiagnosis(diagnosed.diagnosis, json);
        if (diagnosed.kind === "known")
          note(`It was asked before; ask again with ${toRun(`diagnose ${fingerprint.slice(0, 8)} --again`)}`);
    }
  } finally {
    interruption.dispose();
  }
}

function nothingLeft(fingerprint: string): Refusal {
  const message = `Cannot diagnose group ${fingerprint}: no failure of it is stored any more`;
  return new Refusal("SIG-D-002", message, `see ${toRun("failures groups")}`, EXIT.findings);
}

async function refuseAboveCap({ diagnosis: { dailyCap } }: Config, { reads }: Store): Promise<void> {
  const asked = await reads.adviceSince(Math.floor(Date.now() / DAY_MS) * DAY_MS);
  if (asked < dailyCap) return;
  const message = `Cannot diagnose: ${asked} groups were diagnosed today, and diagnosis.daily_cap is ${dailyCap}`;
  throw new Refusal("SIG-D-003", message, "wait until tomorrow (UTC), or raise diagnosis.daily_cap", EXIT.findings);
}

function printDiagnosis(diagnosis: Diagnosis, json: boolean): void {
  const advice = adviceView(diagnosis);
  if (advice === null) {
    if (diagnosis.outcome !== "failed") return;
    const { code, message, remedy } = diagnosis;
    throw new Refusal("SIG-D-004", `${message} (${code})`, remedy, isOutage(code) ? EXIT.unreachable : EXIT.error);
  }
  if (json) return printJson({ kind: "advice", fingerprint: diagnosis.fingerprint, ...advice });
  print(styled("bold", diagnosis.fingerprint));
  print("");
  adviceLines(advice).forEach(print);
}
