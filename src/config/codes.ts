/**
 * The meaning of every code of the command line, the configuration and the start. A code is stable: no code is used again for
 * something else. X: the program itself, S: settings, I: input and data, H: the HTTP listener, W: what-if, M: migrations of the
 * store, E: erasures, T: retention, A: access, F: failures, D: diagnoses, N: notifications, R: a gateway that the command line calls, V: volume. Contract codes (SIG-C)
 * are in contract/fault.ts.
 */
export const CODES = {
  "SIG-X-000":
    "Something happened that the program did not expect. With SIGMA_DEBUG=1 it prints the stack; please report it",
  "SIG-X-001": "The Node that was found is too old",
  "SIG-X-002":
    "Something failed where no command waits for it, as in a timer of a dependency. The process ended; the next one goes on from the ledger",
  "SIG-S-001": "The configuration file cannot be read",
  "SIG-S-002": "The configuration file is not YAML, or uses aliases",
  "SIG-S-003": "A key of the configuration file is not known or stands twice",
  "SIG-S-004": "A value has the wrong type or is out of range",
  "SIG-S-005": "A variable that begins with SIGMA_ is not known",
  "SIG-S-006": "A key of a source is missing, or two sources name one topic",
  "SIG-S-007": "The HTTP server would be reachable from other machines, and nobody would need a key",
  "SIG-S-008": "A source names a contract or version that does not exist",
  "SIG-S-011": "A setting of Kafka or MongoDB is missing, wrong or contradicts another",
  "SIG-S-012": "A version that is to judge live traffic beside others is not named well, or does not exist",
  "SIG-S-013": "A setting of the schema registry is wrong",
  "SIG-S-016": "A setting of the notifications is wrong",
  "SIG-S-020":
    "An objective is not written as it has to be, contradicts another, or is of a contract that does not exist",
  "SIG-S-017": "A setting of the provider that vouches for people is wrong",
  "SIG-S-027": "A setting of TLS of the HTTP server is wrong, or its certificate and key cannot be used",
  "SIG-S-031":
    "A lane is not written well, one before it takes all its records, or a source with lanes has none for the records that meet no condition",
  "SIG-S-030": "A setting of the diagnosis by a language model is wrong",
  "SIG-S-040": "A role or a number of workers does not go with the log, the store or the role",
  "SIG-S-041": "A setting of the pool of validators is wrong, or contradicts another",
  "SIG-S-042": "A topic and its number of partitions are not written as topic=number",
  "SIG-S-060": "No capacity can be predicted for such numbers",
  "SIG-S-061": "The file of costs for `sigma capacity` cannot be read, or is not one",
  "SIG-I-001": "An input cannot be read",
  "SIG-I-002": "A line of the input is too long to be a record. Nothing of it was ingested; everything before it was",
  "SIG-I-003": "The topic is not configured",
  "SIG-I-004": "The contract or version to validate by does not exist or cannot be chosen",
  "SIG-I-005": "The input ends before the line to start from",
  "SIG-I-006": "A file that init would write is already there",
  "SIG-I-007": "The data directory holds no data yet",
  "SIG-I-008": "The command needs input and got none",
  "SIG-I-009": "A stream is halted until an operator acts",
  "SIG-I-010": "There is no gap to accept, or it cannot be accepted now",
  "SIG-I-011": "There is no such stream",
  "SIG-I-012": "An action of an operator needs a reason",
  "SIG-I-013": "Records are to be appended to Kafka, and no broker is configured",
  "SIG-I-014": "A contract version cannot change its state so",
  "SIG-I-015": "The version to retire is still in use",
  "SIG-I-016": "A version cannot be published: no registry, or no name to publish it under",
  "SIG-I-017": "The registry refused a schema",
  "SIG-I-018": "A draft cannot be made of the samples or the document",
  "SIG-I-019":
    "An input is of a kind that is not read: another encoding than UTF-8, an archive, a table, one array over several lines",
  "SIG-I-020": "Compressed input is damaged or ends too early",
  "SIG-I-021": "A JSON text over several lines is not JSON, so that where the next record begins is not known",
  "SIG-I-022": "A key or the name of a producer cannot be used",
  "SIG-I-030": "The log of the data directory is missing, and the store has decided records of it",
  "SIG-I-031": "The folder to write to holds something already",
  "SIG-I-032": "The log and the store do not belong together",
  "SIG-I-033": "The folder is no backup, or a file of it is not what its manifest says",
  "SIG-I-034": "Another process has a file of the data directory open",
  "SIG-I-035": "A folder or a file cannot be written",
  "SIG-I-036": "Anchors cannot be checked: there are none, or it is not known whose signature is to be trusted",
  "SIG-I-037": "There is a key already where a new one is to be made",
  "SIG-I-038": "A head that was kept by hand is not written as the audit prints it",
  "SIG-I-045": "There are no objectives in the configuration",
  "SIG-H-001": "Another program listens on the port",
  "SIG-H-002": "The address cannot be listened on",
  "SIG-H-003":
    "The gateway did not come to rest before the shutdown deadline. Nothing is lost: the next start goes on from the ledger",
  "SIG-H-500": "A request failed by a bug. The log line has the cause, the answer has none of it",
  "SIG-W-001": "An end of the range to judge again is no time, age or position",
  "SIG-W-002": "The candidate does not exist, or the versions to compare are of different contracts",
  "SIG-W-003": "The report cannot be written",
  "SIG-W-004": "The text is not a saved what-if report, or it was changed after it was made",
  "SIG-W-005": "The what-if report is about another content of the version",
  "SIG-W-006": "The what-if report has records that passed and would fail, and they were not accepted",
  "SIG-M-001":
    "The old store has records that the log no longer holds, and deciding the log again would not bring them back",
  "SIG-M-002": "A migration changes the store, and nobody said that it may",
  "SIG-F-001": "An option of `sigma failures` cannot be read",
  "SIG-F-002": "No group of failures, or more than one, has a fingerprint that begins so",
  "SIG-F-003": "The position failed in no stream of the store",
  "SIG-F-004": "The bytes of a failure are not kept",
  "SIG-F-006": "The bytes of a failure are not shown, because the settings redact values of such records",
  "SIG-F-010": "A redrive plan cannot be made, run, paused or cancelled; the message says why",
  "SIG-F-011":
    "A redrive plan has another number of records than --expect says, or --expect is missing without a terminal",
  "SIG-F-012": "A failure cannot be corrected; the message says why",
  "SIG-F-013": "The file with corrected bytes cannot be read, or is larger than a record may be",
  "SIG-F-014": "Retention took the failure; the message says when, and by which term",
  "SIG-F-005": "The file of an export cannot be made or written",
  "SIG-E-001": "Which records to erase is not said, or said in more than one way",
  "SIG-E-002": "How many records a filter is expected to select is not said",
  "SIG-E-003": "An erasure cannot be taken back, and nobody said that it may be done",
  "SIG-E-004": "An identity, a position, a time or a member to erase by is not written as it has to be",
  "SIG-E-005": "There is nothing to erase where it was said to be, or not as much as was expected",
  "SIG-E-006": "Too many records are selected at once",
  "SIG-A-001": "An option of an API key cannot be used",
  "SIG-A-002": "There is no such API key, or it cannot be changed any more",
  "SIG-D-001": "No language model is configured to be asked about failures",
  "SIG-D-002":
    "There is nothing that a language model could be asked about the group: no failure of it is stored any more",
  "SIG-D-003": "As many questions were asked of the language model today as diagnosis.daily_cap allows",
  "SIG-D-004": "The language model did not answer, or not as it was asked to. Nothing else is touched by that",
  "SIG-T-001": "Retention would take another number of documents than was expected",
  "SIG-T-002": "What retention takes cannot be taken back, and nobody said that it may",
  "SIG-N-001": "There is nobody to notify: no webhook, no file and no standard output is configured",
  "SIG-V-001": "An option of `sigma volume` cannot be read",
  "SIG-V-002": "An answer of `sigma volume` would have too many rows",
  "SIG-R-001": "The gateway cannot be reached",
  "SIG-R-002": "The gateway refused the request",
  "SIG-R-003": "The gateway asks for a key, or for another one",
  "SIG-R-004": "The certificate of a gateway cannot be trusted, or the authority that vouches for it cannot be read",
} as const;

export type Code = keyof typeof CODES;

/** Exit codes of `sigma`. */
export const EXIT = {
  ok: 0,
  /** A bug, or work that could not be done. */
  error: 1,
  /** The command line, the configuration or the contracts are wrong. */
  usage: 2,
  /** FAILED records, lint findings, a failed check. */
  findings: 10,
  /** An objective is missed. */
  breach: 20,
  /** The audit found something. */
  audit: 30,
  /** A server is not reachable or a file is locked; trying again may help. */
  unreachable: 40,
  /** A gateway refused the key, or asks for one. */
  refused: 41,
  /** 128 and the number of SIGINT. */
  interrupted: 130,
  /** 128 and the number of SIGTERM. */
  terminated: 143,
} as const;
