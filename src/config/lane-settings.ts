/** Topics of their own for some of the records of a source. */
export const LANE_SETTINGS = {
  lanes: {
    value: { kind: "lanes" },
    byDefault: [],
    description:
      "Lanes, to which a router moves the records of a source, each with its own streams, quota and breaker; a record goes to the first whose conditions it meets, and the last has none. A list of lane (its name), source (without it every source), the conditions subject, versions, bytes_min, priority and priority_field, and in_flight, failed_percent and consecutive; as text: name@source?priority=1+2&in_flight=500, separated by commas",
  },
  "worker.lanes": {
    value: { kind: "texts" },
    byDefault: "",
    description:
      "Names of the lanes that this process reads, separated by commas, and nothing else: workers of their own, in a consumer group of their own; empty reads every source and every lane",
  },
} as const;
