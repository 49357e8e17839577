/** How the HTTP server is reached, and how it answers. */
export const HTTP_SETTINGS = {
  "http.host": {
    value: { kind: "text" },
    byDefault: "127.0.0.1",
    description: "Address the HTTP server listens on; 127.0.0.1 is ::1 too",
    flag: "--host",
  },
  "http.port": {
    value: { kind: "integer", min: 0, max: 65_535 },
    byDefault: 8_000,
    description: "Port of the HTTP server; 0 picks a free one",
    flag: "--port",
  },
  "http.allow_remote_without_keys": {
    value: { kind: "boolean" },
    byDefault: false,
    description:
      "Listen on an address other machines reach, though no key was made and whoever reaches it may do everything: for a closed network, or a proxy that authenticates. Each start and doctor warn of it",
  },
  "http.hosts": {
    value: { kind: "texts" },
    byDefault: "",
    description:
      "Host names, separated by commas, under which the server is asked besides localhost and, where other machines reach it, its addresses; others are refused, so that no web page reaches it by a name of its own. * is any name, for a proxy that checks them",
  },
  "http.cors_origins": {
    value: { kind: "texts" },
    byDefault: "",
    description:
      "Origins, separated by commas, whose pages may ask the gateway, as https://app.example.com; pages of others are refused",
  },
  "http.keep_alive_seconds": {
    value: { kind: "integer", min: 1, max: 3_600 },
    byDefault: 75,
    description: "How long a connection that is not in use stays open; longer than that of a proxy in front",
  },
  "http.backlog_records": {
    value: { kind: "integer", min: 0, max: 1_000_000_000 },
    byDefault: 0,
    description:
      "Most records of a topic that may wait to be decided: then appends over HTTP are 503 with Retry-After until a tenth of them is worked off; 0 takes as many as the log does",
  },
  "http.backlog_age_seconds": {
    value: { kind: "integer", min: 0, max: 604_800 },
    byDefault: 0,
    description:
      "Longest time that a record of a topic may wait to be decided: then appends over HTTP are 503 with Retry-After, until the oldest has waited for less than nine tenths of it; 0 takes records however long others wait",
  },
  "http.validate_subject": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "Contract by which POST /api/validate judges what declares none, as in shipment or shipment@1; without it that of the first source",
  },
  "http.set_aside": {
    value: { kind: "texts" },
    byDefault: "raw_payload",
    description:
      "Members, separated by commas, that POST /api/validate does not judge where the contract does not name them: the reference's clients send them beside the payload; none for none",
  },
} as const;
