import type { Command } from "commander";
import type { Config } from "../../../config/config.ts";
import { parseContractName, type ContractName } from "../../../contract/contract-name.ts";
import { loadContracts, toContractSet, type LoadedContract, type LoadedVersion } from "../../../contract/files.ts";
import { nearestName } from "../../../json/nearest.ts";
import { compileContractSet } from "../../../core/compile.ts";
import { type CompiledContractSet } from "../../../core/compiled.ts";
import { decide, type Decision } from "../../../core/decide.ts";
import { failureCode } from "../../../core/failure.ts";
import type { Header } from "../../../core/record.ts";
import { createRedaction, type Redaction } from "../../../failures/redact.ts";
import { EXIT } from "../../../config/codes.ts";
import { placed } from "../../../app/contracts.ts";
import { openInputs, type Input } from "../../input/inputs.ts";
import { counted, grouped, note, print, printJson } from "../../terminal/output.ts";
import { printDecision } from "./print-decision.ts";
import { readRecords, refusalOf } from "../../input/records.ts";
import { Refusals, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";

type Options = { readonly contract: string; readonly ndjson: boolean; readonly json: boolean };

/** Topic of a binding that exists only here: an offline payload comes from no topic. */
const TOPIC = "validate";

/** `sigma validate`: prints the decision of each payload; exits with 10 when one of them FAILED. */
export async function validate(command: Command, files: readonly string[], options: Options): Promise<void> {
  const name = parseContractName(options.contract);
  if (name === null)
    throw usage(
      "SIG-I-004",
      `Cannot validate by "${options.contract}": it is no contract name`,
      "write shipment or shipment@1",
    );
  const inputs = openInputs(files);
  const config = await configFor(command);
  const { set, headers } = chooseContract(config, name);
  const redaction = createRedaction(config.redact, () => set);
  let passed = 0;
  let failed = 0;
  for (const input of inputs) {
    for await (const { bytes, line } of payloadsOf(input, options.ndjson)) {
      const decision = decide({ topic: TOPIC, headers, value: bytes }, set);
      if (decision.status === "PASSED") passed += 1;
      else failed += 1;
      if (options.json) printJson(decisionJson(input.name, line, redacted(decision, redaction)));
      else {
        const shown = redaction.isFor(decision.contract) ? null : bytes;
        printDecision(input.name, line, redacted(decision, redaction), shown);
      }
    }
  }
  if (failed > 0) process.exitCode = EXIT.findings;
  if (!options.json && passed + failed !== 1) print(`${grouped(passed)} passed, ${grouped(failed)} failed`);
}

function redacted(decision: Decision, redaction: Redaction): Decision {
  if (decision.status === "PASSED") return decision;
  return { ...decision, reason: redaction.reason(decision.contract, decision.reason) };
}

type PayloadBytes = { readonly bytes: Uint8Array; readonly line: number | null };

/**
 * Reads payloads as `ingest` reads records. The only payload of an input has no line number, and neither has a missing
 * one.
 */
async function* payloadsOf(input: Input, ndjson: boolean): AsyncGenerator<PayloadBytes> {
  let held: (PayloadBytes & { readonly line: number }) | null = null;
  let count = 0;
  try {
    for await (const { lines, lineNumbers, lastLine } of readRecords(input, { ndjson, onBroken: "hand on" })) {
      for (const [index, bytes] of lines.entries()) {
        if (held !== null) yield held;
        held = { bytes, line: lineNumbers[index] ?? lastLine };
        count += 1;
      }
      if (count > 1 && held !== null) {
        yield held;
        held = null;
      }
    }
  } catch (error) {
    if (held !== null) yield held;
    throw refusalOf(error, input.name, `${counted(count, "record")} before it were judged`) ?? error;
  }
  if (held !== null) yield count === 1 ? { ...held, line: null } : held;
  if (count === 0 && !ndjson) yield { bytes: Buffer.alloc(0), line: null };
}

/**
 * Makes a contract set with one binding to the named contract. Without a version it uses the default of a configured
 * source, else the only active version. A named version is declared as a record would declare it, so that a payload
 * that declares another one is ambiguous here too; a named draft is judged as if it were active.
 */
function chooseContract(
  config: Config,
  name: ContractName,
): { readonly set: CompiledContractSet; readonly headers: readonly Header[] } {
  const loaded = loadContracts(config.contractsDir);
  if (!loaded.ok) throw new Refusals(loaded.faults.map(placed));
  const contract = loaded.contracts.find(({ subject }) => subject === name.subject);
  if (contract === undefined) throw unknownContract(name.subject, loaded.contracts);
  const version = name.version ?? impliedVersion(config, contract);
  const found = contract.versions.find((one) => one.version === version);
  if (found === undefined) {
    const numbers = contract.versions.map((one) => one.version).join(", ");
    throw usage(
      "SIG-I-004",
      `Cannot validate by "${name.subject}@${version}": there is no such version`,
      `use one of ${numbers}`,
    );
  }
  if (found.status === "draft") note(`${name.subject}@${version} is a draft: no gateway judges by it yet`);
  const contracts = [{ ...contract, versions: contract.versions.map((one) => inForce(one, version)) }];
  const bindings = [{ topic: TOPIC, subject: name.subject, defaultVersion: version }];
  const headers: readonly Header[] =
    name.version === null ? [] : [["sigma-contract", Buffer.from(`${name.subject}@${version}`)]];
  return { set: compileContractSet(toContractSet(contracts, bindings, config.limits)), headers };
}

function inForce(version: LoadedVersion, chosen: number): LoadedVersion {
  return version.version === chosen && version.status === "draft" ? { ...version, status: "active" } : version;
}

function impliedVersion(config: Config, contract: LoadedContract): number {
  const bound = config.sources.find(
    ({ subject, defaultVersion }) => subject === contract.subject && defaultVersion !== null,
  );
  const usable = contract.versions.filter(({ status }) => status === "active" || status === "deprecated");
  const version = bound?.defaultVersion ?? (usable.length === 1 ? usable[0]?.version : undefined);
  if (version !== undefined) return version;
  const numbers = contract.versions.map((one) => `${contract.subject}@${one.version}`).join(", ");
  throw usage(
    "SIG-I-004",
    `Cannot choose a version of "${contract.subject}": ${usable.length} are live`,
    `name one of ${numbers}`,
  );
}

function unknownContract(subject: string, contracts: readonly LoadedContract[]): Error {
  const subjects = contracts.map((contract) => contract.subject);
  const nearest = nearestName(subject, subjects);
  const hint = nearest === null ? "" : ` (did you mean "${nearest}"?)`;
  return usage(
    "SIG-I-004",
    `Cannot validate by "${subject}": there is no such contract${hint}`,
    `use one of ${subjects.join(", ")}`,
  );
}

function decisionJson(file: string, line: number | null, decision: Decision): object {
  const where = { file, line, status: decision.status };
  if (decision.status === "PASSED") {
    const { id, contract, declaredBy } = decision;
    return { ...where, contract: `${contract.subject}@${contract.version}`, declaredBy, id };
  }
  const { contract, declaredBy, reason, fingerprint } = decision;
  const name = contract === null ? null : `${contract.subject}@${contract.version}`;
  return { ...where, contract: name, declaredBy, code: failureCode(reason), reason, fingerprint };
}
