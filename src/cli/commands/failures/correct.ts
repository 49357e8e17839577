import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { Command } from "commander";
import { openEngine } from "../../../app/engine.ts";
import { EXIT } from "../../../config/codes.ts";
import { correctFailure } from "../../../failures/lineage/correct.ts";
import { parseFailureId } from "../../../failures/failure-id.ts";
import { failuresAt } from "../../../failures/find.ts";
import { createLookup } from "../../../gateway/lookup.ts";
import { exactInteger } from "../../../json/exact-integer.ts";
import { print, printJsonValues } from "../../terminal/output.ts";
import { plainText } from "../../terminal/plain-text.ts";
import { toRun, withCommands } from "../../terminal/printed-command.ts";
import { Refusal, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { requireContracts } from "../contracts.ts";
import { actorFrom } from "../../../operator/origin.ts";
import { operatorOf } from "../operate/operator.ts";
import { noFailure } from "./show.ts";

export type CorrectOptions = {
  readonly file: string;
  readonly contract?: string;
  readonly actor?: string;
  readonly reason: string;
  readonly json: boolean;
};

/** `sigma redrive correct`: appends corrected bytes of a failure to its topic, as a new record by a named person. */
export async function correct(command: Command, what: string, options: CorrectOptions): Promise<void> {
  const { actor = "", contract, file, json } = options;
  const operator = operatorOf(options);
  const named =
    actor.trim() === "" ? operator : { ...operator, actor: actorFrom(actor.trim().slice(0, 200), { via: "cli" }) };
  const config = await configFor(command);
  const { set } = await requireContracts(config);
  const { bytesMax } = set.limits;
  const bytes = bytesOf(file, bytesMax);
  const collections = [...new Set([...set.bySubject.values()].map(({ collection }) => collection))];
  const { store, log, close } = await openEngine(config, collections, "operate");
  try {
    const position = parseFailureId(what);
    const [failure] = position === null ? [] : await failuresAt(store.reads, position);
    if (failure === undefined) throw await noFailure(store.reads, what);
    const newId = (): string => randomBytes(6).toString("hex");
    const deps = { store, log, lookup: createLookup(store.reads), contracts: set, newId };
    const corrected = await correctFailure(deps, failure, { bytes, ref: contract ?? null, operator: named });
    if ("code" in corrected)
      throw new Refusal("SIG-F-012", corrected.message, withCommands(corrected.remedy), EXIT.findings);
    const { id, failure: of, failedDigest, correctedDigest, place } = corrected;
    const { stream, offset } = place;
    const where = { stream, offset: exactInteger(offset) };
    if (json) return printJsonValues({ kind: "correction", id, failure: of, failedDigest, correctedDigest, ...where });
    print(`${plainText(of)} is corrected by a new record at offset ${offset}; a gateway decides it`);
    print(`failed     ${failedDigest}`);
    print(`corrected  ${correctedDigest}`);
    print(`What became of it: ${toRun(`failures show ${of}`)}`);
  } finally {
    await close();
  }
}

/** @throws Refusal when the file cannot be read, or is larger than a record may be. */
function bytesOf(file: string, bytesMax: number): Uint8Array {
  try {
    const { size } = statSync(file);
    if (size > bytesMax)
      throw usage("SIG-F-013", `Cannot send "${plainText(file)}": a record has at most ${bytesMax} bytes`, "send less");
    return readFileSync(file);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw usage("SIG-F-013", `Cannot read "${plainText(file)}": ${code}`, "name a file with the whole new value");
  }
}
