/** What something costs that has a value: so much whatever its size, and so much more for each 1,000 bytes. */
export type Cost = { readonly fixed: number; readonly perKilobyte: number };

/** The three things that a record becomes. */
export const KINDS = ["fact", "failure", "receipt"] as const;
export type Kind = (typeof KINDS)[number];

/** What records and batches cost on a machine, as `bench/capacity.ts` measures it. CPU is in microseconds, disk in bytes, memory in megabytes. */
export type Coefficients = {
  /** Where and with what they were measured, for people. */
  readonly measuredOn: string;
  /** How many times as dear everything on its cores is where twice as many workers as cores share them: from 1 on. */
  readonly crowded: number;
  readonly own: {
    readonly record: Readonly<Record<Kind, Cost>>;
    readonly batch: number;
    /** Asking whether the id of a record is taken, which is done before the insert where some records are repeats. */
    readonly look: number;
    /** Which part of it other threads do beside the one that decides: the garbage collector. 0 to 1. */
    readonly beside: number;
    /** What a record costs where two processes share the partitions, against one process. */
    readonly shared: number;
  };
  readonly store: {
    readonly record: Readonly<Record<Kind, Cost>>;
    readonly batch: number;
    /** As in `own`. */
    readonly look: number;
    /** Which part of it is done when a batch no longer waits: checkpoints, compression. 0 to 1. */
    readonly later: number;
    /** Milliseconds that the store takes for a question besides its CPU, the way there and back included. A batch asks nine times in turn. */
    readonly writeMs: number;
  };
  readonly broker: { readonly record: Cost; readonly batch: number };
  /** Bytes on disk, with their indexes; the evidence of each record is in `ledger`. */
  readonly disk: Readonly<Record<Kind | "ledger", Cost>>;
  readonly memory: {
    /** The process that watches over several workers. */
    readonly watching: number;
    readonly worker: number;
    /** For each megabyte of records that is in flight. */
    readonly perMegabyte: number;
  };
};

export type Parsed =
  | { readonly kind: "coefficients"; readonly coefficients: Coefficients }
  /** `pointer`: the place in the file, as a JSON pointer. */
  | { readonly kind: "wrong"; readonly pointer: string; readonly expected: string };

/** Reads what the file of `bench/capacity.ts` holds. Keys that it does not know are left alone. */
export function parseCoefficients(value: unknown): Parsed {
  return wrongIn(value, MEASURED, "") ?? { kind: "coefficients", coefficients: value as Coefficients };
}

/** The first thing of a value that has not the shape of a model: numbers from 0 on, texts, and objects of these. */
function wrongIn(value: unknown, model: unknown, pointer: string): Extract<Parsed, { readonly kind: "wrong" }> | null {
  const wrong = (expected: string) => ({ kind: "wrong", pointer: pointer === "" ? "/" : pointer, expected }) as const;
  if (typeof model === "string") return typeof value === "string" ? null : wrong("a text");
  if (typeof model === "number")
    return typeof value === "number" && Number.isFinite(value) && value >= 0 ? null : wrong("a number from 0 on");
  if (typeof value !== "object" || value === null) return wrong("an object");
  for (const [key, part] of Object.entries(model as object)) {
    const found = wrongIn((value as Readonly<Record<string, unknown>>)[key], part, `${pointer}/${key}`);
    if (found !== null) return found;
  }
  return null;
}

/** What one machine took, with MongoDB 6.0 of one member and Kafka 4.4 beside the gateway. Measure your own. */
export const MEASURED: Coefficients = {
  measuredOn: "2 cores (AMD EPYC), Node 24.21.0, MongoDB 6.0.5, Kafka 4.4.0",
  crowded: 1.23,
  own: {
    record: {
      fact: { fixed: 4.23, perKilobyte: 8.47 },
      failure: { fixed: 14, perKilobyte: 8.72 },
      receipt: { fixed: 14.9, perKilobyte: 8.93 },
    },
    batch: 1_210,
    look: 2.3,
    beside: 0.199,
    shared: 1.24,
  },
  store: {
    record: {
      fact: { fixed: 8.23, perKilobyte: 17.5 },
      failure: { fixed: 21.3, perKilobyte: 27.3 },
      receipt: { fixed: 16.6, perKilobyte: 1.36 },
    },
    batch: 2_690,
    look: 7.65,
    later: 0.392,
    writeMs: 0.758,
  },
  broker: { record: { fixed: 0.756, perKilobyte: 0.734 }, batch: 1.49 },
  disk: {
    fact: { fixed: 65.4, perKilobyte: 1_130 },
    failure: { fixed: 167, perKilobyte: 1_450 },
    receipt: { fixed: 31.5, perKilobyte: 0 },
    ledger: { fixed: 0, perKilobyte: 608 },
  },
  memory: { watching: 173, worker: 256, perMegabyte: 6.65 },
};
