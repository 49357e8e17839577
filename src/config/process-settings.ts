/** What a process of the program does, and how many of them. */
export const PROCESS_SETTINGS = {
  role: {
    value: { kind: "choice", values: ["all", "ingest", "worker", "validator", "console", "router"] },
    byDefault: "all",
    description:
      "What this process does: all of it, or only ingest (takes records over HTTP), worker (decides), validator (gives verdicts, without log and store), console (reads) or router (moves records to lanes)",
    flag: "--role",
  },
  workers: {
    value: { kind: "integer", min: 0, max: 256 },
    byDefault: 1,
    description:
      "How many processes of one consumer group decide on this machine, under one that watches over them; 0 is one for each core. More than one needs Kafka and MongoDB",
    flag: "--workers",
  },
  "decide.pool": {
    value: { kind: "texts" },
    byDefault: "",
    description:
      "Validators that decide for this process, separated by commas, as http://v1:8000,http://v2:8000; without it the process decides by itself",
  },
  "decide.pool_key": {
    value: { kind: "text" },
    byDefault: "",
    description: "Key that the validators are asked with, where they or a proxy before them ask for one",
    secret: true,
  },
  "decide.in_flight": {
    value: { kind: "integer", min: 1, max: 64 },
    byDefault: 2,
    description: "How many batches of this process one validator decides at a time",
  },
  "decide.timeout_seconds": {
    value: { kind: "integer", min: 1, max: 300 },
    byDefault: 10,
    description: "How long a validator may take for a batch before another one is asked",
  },
} as const;
