/** What one key, person or certificate may use over HTTP. */
export const LIMIT_SETTINGS = {
  "limits.requests": {
    value: { kind: "integer", min: 0, max: 1_000_000 },
    byDefault: 0,
    description:
      "Requests a second that one key, person or certificate may make, over ten seconds, in each process; 0 is no limit. Health and what else is open to all is never limited",
  },
  "limits.bytes": {
    value: { kind: "bytes", min: 0, max: 1_073_741_824 },
    byDefault: 0,
    description: "Bytes of records a second that one may append over HTTP, over ten seconds; 0 is no limit",
  },
  "limits.records": {
    value: { kind: "integer", min: 0, max: 10_000_000 },
    byDefault: 0,
    description: "Records a second that one may append over HTTP, over ten seconds; 0 is no limit",
  },
  "limits.topics": {
    value: { kind: "integer", min: 0, max: 1_000 },
    byDefault: 0,
    description: "Topics that one may append to over HTTP in a day (UTC); 0 is no limit",
  },
  "limits.producers": {
    value: { kind: "integer", min: 0, max: 1_000 },
    byDefault: 0,
    description:
      "Names of producers that the records of one may bear over HTTP in a day (UTC): each is counted for itself in volume and traffic; 0 is no limit",
  },
  "limits.groups": {
    value: { kind: "integer", min: 0, max: 100_000 },
    byDefault: 0,
    description:
      "Groups of failures that the records of one producer may open in a day (UTC), as a process that decides them sees it: of one that opened more nothing further is appended over HTTP, and what was appended is kept; 0 is no limit",
  },
} as const;
