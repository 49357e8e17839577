/** What something costs that has a value: so much whatever its size, and so much more for each 1,000 bytes. */
export type Cost = { readonly fixed: number; readonly perKilobyte: number };

/** The three things that a record becomes. */
export const KINDS = ["fact", "failure", "receipt"] as const;
export type Kind = (typeof KINDS)[number];

/** What records and batches cost on a machine, as `bench/capacity.ts` measures it. CPU is in microseconds, disk in bytes, memory in megabytes. */
export type Coefficients = {
  /** Where and with what they were measured, for people. */
  readonly measuredOn: string;
  readonly own: {
    readonly record: Readonly<Record<Kind, Cost>>;
    readonly batch: number;
    /** Which part of it other threads do beside the one that decides: the garbage collector. 0 to 1. */
    readonly beside: number;
    /** What a record costs where two processes share the partitions, against one process. */
    readonly shared: number;
  };
  readonly store: {
    readonly record: Readonly<Record<Kind, Cost>>;
    readonly batch: number;
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

/** What one machine took, with MongoDB 6.0 of one member and Kafka 4.4 beside the gateway, and other programs. Measure your own. */
export const MEASURED: Coefficients = {
  measuredOn: "2 shared cores (Intel Xeon, Sapphire Rapids), Node 24.21.0, MongoDB 6.0.5, Kafka 4.4.0",
  own: {
    record: {
      fact: { fixed: 5.79, perKilobyte: 11.5 },
      failure: { fixed: 11.6, perKilobyte: 17.1 },
      receipt: { fixed: 39, perKilobyte: 10 },
    },
    batch: 1_370,
    beside: 0.269,
    shared: 1.15,
  },
  store: {
    record: {
      fact: { fixed: 11.6, perKilobyte: 8.8 },
      failure: { fixed: 29.5, perKilobyte: 21.5 },
      receipt: { fixed: 142, perKilobyte: 14.3 },
    },
    batch: 2_000,
    later: 0.348,
    // Not measured by itself: nine questions of it make the 7 ms in which half of all batches were stored.
    writeMs: 0.5,
  },
  broker: { record: { fixed: 1.84, perKilobyte: 1.55 }, batch: 0 },
  disk: {
    fact: { fixed: 76.3, perKilobyte: 1_210 },
    failure: { fixed: 204, perKilobyte: 1_580 },
    receipt: { fixed: 117, perKilobyte: 2.3 },
    ledger: { fixed: 0, perKilobyte: 710 },
  },
  memory: { watching: 144, worker: 212, perMegabyte: 8.6 },
};
