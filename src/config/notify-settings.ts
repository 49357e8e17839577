/** Who is told of new groups of failures and of halted streams. */
export const NOTIFY_SETTINGS = {
  "notify.webhooks": {
    value: { kind: "webhooks" },
    byDefault: [],
    description:
      "URLs that are told of failures and halts. A list of url, format (standard, slack or alertmanager), secrets (that sign for this one; without them notify.secrets) and events (without them all); as text: format=url, separated by blanks",
    secret: true,
  },
  "notify.secrets": {
    value: { kind: "texts" },
    byDefault: "",
    description:
      "Secrets that sign standard webhooks, each whsec_ and the base64 of 24 to 64 random bytes, separated by commas; several while receivers change from one to the next",
    secret: true,
  },
  "notify.secrets_file": {
    value: { kind: "path" },
    byDefault: "",
    description: "File with such secrets, one a line, in place of notify.secrets; read at each attempt",
  },
  "notify.allow_addresses": {
    value: { kind: "texts" },
    byDefault: "",
    description:
      "Addresses and blocks that webhooks may be sent to although they are not public, and without TLS, separated by commas, as in 10.1.0.0/16,127.0.0.1",
  },
  "notify.ca_file": {
    value: { kind: "path" },
    byDefault: "",
    description: "Certificates of the authorities that webhooks' certificates are verified by, in place of Node's own",
  },
  "notify.timeout_seconds": {
    value: { kind: "integer", min: 1, max: 60 },
    byDefault: 15,
    description: "How long an attempt may take, from the name's look-up to the answer",
  },
  "notify.file": {
    value: { kind: "path" },
    byDefault: "",
    description: "File that each notification is appended to as a line of JSON; empty is off",
  },
  "notify.stdout": {
    value: { kind: "boolean" },
    byDefault: false,
    description: "Print each notification as a line of JSON to standard output",
  },
  "notify.threshold": {
    value: { kind: "integer", min: 0, max: 1_000_000_000 },
    byDefault: 1_000,
    description: "Failures of one group at which it is told of once more; 0 is off",
  },
  "notify.per_minute": {
    value: { kind: "integer", min: 1, max: 10_000 },
    byDefault: 30,
    description: "Most notifications about groups in a minute; those beyond are counted, and the count is sent",
  },
  "notify.api_url": {
    value: { kind: "text" },
    byDefault: "",
    description: "URL under which people reach this gateway, for the links; without it the address it listens on",
  },
} as const;
