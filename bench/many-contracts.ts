import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compileContractSet } from "../src/core/compile.ts";
import { type CompiledContractSet } from "../src/core/compiled.ts";
import {
  DEFAULT_LIMITS,
  sealContractSet,
  versionDigest,
  type Contract,
  type SealedContractSet,
} from "../src/core/contract-set.ts";
import { decide } from "../src/core/decide.ts";
import type { JsonObject } from "../src/json/json.ts";
import type { Header } from "../src/core/record.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { compare, printTable } from "./rounds.ts";

// node bench/many-contracts.ts [rounds] [subjects]     What a decision costs among 200 subjects of 5 versions each, against one of one, in one
// run; and what a compiled version takes of memory.
// Target: at most 10 % more.

const [ROUNDS, SUBJECTS] = readArguments(wholeNumber(101), wholeNumber(200));
const VERSIONS = 5;
/** Records of each round: two for each version when they go round all of them. */
const RECORDS = SUBJECTS * VERSIONS * 2;

type Record = { readonly topic: string; readonly headers: readonly Header[]; readonly value: Buffer };

const few = compileContractSet(sealed(1, 1));
const before = heapBytes();
const many = compileContractSet(sealed(SUBJECTS, VERSIONS));
const perVersion = (heapBytes() - before) / (SUBJECTS * VERSIONS);

const bare = records(() => ({ subject: 0, version: null }));
const declared = records(() => ({ subject: 0, version: 1 }));
const byBatch = records((n) => ({ subject: Math.floor((n * 20) / RECORDS), version: (n % VERSIONS) + 1 }));
const mixed = records((n) => ({ subject: Math.floor(n / VERSIONS) % SUBJECTS, version: (n % VERSIONS) + 1 }));

printTable(
  "the records of one subject, whose version is the default",
  compare([deciding("1 subject, 1 version", bare, few), deciding(among("the set"), bare, many)], ROUNDS),
);
printTable(
  "records that declare their version",
  compare(
    [
      deciding("1 subject, 1 version", declared, few),
      deciding(among("one version"), declared, many),
      deciding(among("batches of 20 topics, 5 versions mixed"), byBatch, many),
      deciding(among("every record of another version"), mixed, many),
    ],
    ROUNDS,
  ),
);
process.stdout.write(`\na compiled version takes ${(perVersion / 1_024).toFixed(1)} KiB of heap\n`);

function among(what: string): string {
  return `${SUBJECTS} subjects, ${VERSIONS} versions: ${what}`;
}

function deciding(name: string, all: readonly Record[], set: CompiledContractSet) {
  const passed = all.filter((record) => decide(record, set).status === "PASSED").length;
  if (passed !== all.length) throw new Error(`${name}: only ${passed} of ${all.length} pass`);
  const run = (): unknown => {
    let last: unknown;
    for (const record of all) last = decide(record, set);
    return last;
  };
  return { name, operations: all.length, run };
}

function records(
  pick: (n: number) => { readonly subject: number; readonly version: number | null },
): readonly Record[] {
  return Array.from({ length: RECORDS }, (_, n) => {
    const { subject, version } = pick(n);
    const text = `{"shipment_id":"SHIP-${String(n).padStart(8, "0")}","weight_kg":${(n % 900) + 0.5},"destination":"Dublin","priority":${(n % 3) + 1}}`;
    const headers: Header[] =
      version === null ? [] : [["sigma-contract", Buffer.from(`${subjectName(subject)}@${version}`)]];
    return { topic: topicName(subject), headers, value: Buffer.from(text) };
  });
}

/** Contracts as large as the shipment's, no two of the same content. */
function sealed(subjects: number, versions: number): SealedContractSet {
  const contracts = Array.from({ length: subjects }, (_, subject): Contract => {
    const name = subjectName(subject);
    const all = Array.from({ length: versions }, (__, index) => {
      const content = {
        version: index + 1,
        schema: schemaOf(subject, index),
        rules: [
          { id: "max-weight", expression: `weight_kg <= ${1_000 + subject}.0`, message: "weight_kg exceeds the limit" },
        ],
        identity: ["/shipment_id"],
      };
      return { ...content, status: "active" as const, digest: versionDigest(name, content) };
    });
    return { subject: name, collection: name, versionField: null, versions: all };
  });
  const bindings = contracts.map(({ subject }, index) => ({ topic: topicName(index), subject, defaultVersion: 1 }));
  return sealContractSet({ limits: DEFAULT_LIMITS, contracts, bindings });
}

function schemaOf(subject: number, version: number): JsonObject {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    required: ["shipment_id", "weight_kg", "destination", "priority"],
    properties: {
      shipment_id: { type: "string", minLength: 1, maxLength: 200 + subject },
      weight_kg: { type: "number", exclusiveMinimum: 0 },
      destination: { type: "string", minLength: 1, maxLength: 100 + version },
      priority: { type: "integer", minimum: 1, maximum: 3 },
      [`added_in_${version}`]: { type: "string", maxLength: 10 + subject },
    },
    additionalProperties: false,
  };
}

function subjectName(subject: number): string {
  return `subject-${subject}`;
}

function topicName(subject: number): string {
  return `topic-${subject}`;
}

/** Used bytes once everything that can go is gone. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let turn = 0; turn < 3; turn += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
