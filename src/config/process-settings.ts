/** What a process of the program does, and how many of them. */
export const PROCESS_SETTINGS = {
  role: {
    value: { kind: "choice", values: ["all", "ingest", "worker", "validator", "console"] },
    byDefault: "all",
    description:
      "What this process does: all of it, or only ingest (takes records over HTTP), worker (decides), validator (gives verdicts, without log and store) or console (reads)",
    flag: "--role",
  },
  workers: {
    value: { kind: "integer", min: 0, max: 256 },
    byDefault: 1,
    description:
      "How many processes of one consumer group decide on this machine, under one that watches over them; 0 is one for each core. More than one needs Kafka and MongoDB",
    flag: "--workers",
  },
} as const;
