import type { ConsumerOptions } from "@platformatic/kafka";
import type { KafkaConnection, KafkaTls } from "../kafka-connection.ts";
import { Unavailable, type UnavailableCode } from "../../core/unavailable.ts";

const CONNECT_TIMEOUT_MS = 5_000;
/** Longer than any long poll. A request that takes longer is on a half-open connection. */
const REQUEST_TIMEOUT_MS = 15_000;

type BaseOptions = Pick<
  ConsumerOptions<Buffer, Buffer, Buffer, Buffer>,
  | "clientId"
  | "bootstrapBrokers"
  | "tls"
  | "sasl"
  | "connectTimeout"
  | "requestTimeout"
  | "timeout"
  | "retries"
  | "retryDelay"
  | "strict"
>;

/**
 * Options of every client of the driver. The driver retries little: a failed operation becomes `Unavailable`, and the
 * gateway's own loop reports the trouble, backs off and retries.
 */
export function baseOptions({ brokers, tls, sasl }: KafkaConnection): BaseOptions {
  return {
    clientId: "sigma-aetl",
    bootstrapBrokers: [...brokers],
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    timeout: REQUEST_TIMEOUT_MS,
    retries: 2,
    retryDelay: 200,
    ...(tls !== null && {
      tls: readAtEachConnection(tls),
      // TLS server names are host names, never addresses (RFC 6066). The certificate is verified in both cases.
      tlsServerName: !brokers.every(isAddress),
    }),
    ...(sasl !== null && { sasl }),
  };
}

/**
 * The driver copies its options of TLS for every connection that it makes, member by member: what the members are is found out then. The
 * first one reads, so that all are of one reading.
 */
function readAtEachConnection(read: () => KafkaTls): NonNullable<BaseOptions["tls"]> {
  let now: KafkaTls | null = null;
  return {
    get ca() {
      now = read();
      return now.ca ?? undefined;
    },
    get cert() {
      return now?.cert ?? undefined;
    },
    get key() {
      return now?.cert === null ? undefined : (now?.key ?? "");
    },
  };
}

function isAddress(broker: string): boolean {
  return /^(?:\[|\d{1,3}(?:\.\d{1,3}){3}:)/.test(broker);
}

type Trouble = readonly [code: UnavailableCode, state: string, remedy: string];

/** What to do about a topic that does not exist. */
export const TOPIC_REMEDY = "create the topic, or take it out of sources and lanes";

/** Troubles by the broker's name of the error (kafka/common/protocol/Errors.java). */
const BY_NAME: ReadonlyMap<string, Trouble> = new Map([
  ...[
    "TOPIC_AUTHORIZATION_FAILED",
    "GROUP_AUTHORIZATION_FAILED",
    "CLUSTER_AUTHORIZATION_FAILED",
    "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
  ].map((name): [string, Trouble] => [
    name,
    ["LOG_UNAUTHORIZED", "it refuses the operation", "grant the ACLs that `sigma doctor` lists"],
  ]),
  ["SASL_AUTHENTICATION_FAILED", unauthorized()],
  ["ILLEGAL_SASL_STATE", unauthorized()],
  [
    "UNSUPPORTED_SASL_MECHANISM",
    [
      "LOG_UNAUTHORIZED",
      "it does not offer the SASL mechanism",
      "set kafka.sasl_mechanism to one that the brokers offer",
    ],
  ],
  ["UNKNOWN_TOPIC_OR_PARTITION", unknownTopic()],
  ["UNKNOWN_TOPIC_ID", unknownTopic()],
  ["INCONSISTENT_TOPIC_ID", unknownTopic()],
  ...["PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH", "INVALID_PRODUCER_ID_MAPPING", "INVALID_TXN_STATE"].map(
    (name): [string, Trouble] => [
      name,
      [
        "LOG_FENCED",
        "another process moves the records of this partition, or the transaction took too long and was ended",
        "nothing has to be done: what was not moved is moved again",
      ],
    ],
  ),
  [
    "UNSTABLE_OFFSET_COMMIT",
    [
      "LOG_TRANSACTION_OPEN",
      "a transaction that committed a position of the group has no end",
      "find the transaction and end it with Kafka's own kafka-transactions, as the runbook says",
    ],
  ],
  [
    "INVALID_TIMESTAMP",
    [
      "LOG_TIMESTAMP",
      "a topic refuses the timestamp of a record",
      "set message.timestamp.before.max.ms and message.timestamp.after.max.ms of the topic as on the source",
    ],
  ],
  ["MESSAGE_TOO_LARGE", tooLarge()],
  ["RECORD_LIST_TOO_LARGE", tooLarge()],
]);

function unauthorized(): Trouble {
  const remedy = "check kafka.sasl_mechanism, the user and the password or token; the gateway goes on by itself";
  return ["LOG_UNAUTHORIZED", "it refuses the credentials", remedy];
}

function unknownTopic(): Trouble {
  return ["LOG_TOPIC_MISSING", "a topic does not exist", TOPIC_REMEDY];
}

function tooLarge(): Trouble {
  return ["LOG_TOO_LARGE", "a record is larger than the topic takes", "raise max.message.bytes of the topic"];
}

/** Whether a driver's error is, or contains, one of these errors of the broker. */
export function isBrokerError(error: unknown, ...names: readonly string[]): boolean {
  return errorsIn(error).some(({ apiId }) => apiId !== undefined && names.includes(apiId));
}

type Nested = Error & { readonly code?: unknown; readonly apiId?: string; readonly errors?: unknown };

const NESTED_MAX = 12;

/**
 * The error and every error nested in it. The driver nests errors in lists and in causes, but itself searches only the
 * lists.
 */
function errorsIn(error: unknown, depth = 0): readonly Nested[] {
  if (!(error instanceof Error) || depth === NESTED_MAX) return [];
  const nested: Nested = error;
  const listed: readonly unknown[] = Array.isArray(nested.errors) ? nested.errors : [];
  return [nested, ...[...listed, nested.cause].flatMap((one) => errorsIn(one, depth + 1))];
}

/** Runs one exchange with the cluster. @throws `Unavailable` for every error of the driver: no decision yet. */
export async function guarded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw isFromDriver(error) ? unavailableFrom(error) : error;
  }
}

function isFromDriver(error: unknown): error is Error {
  const { code } = (error ?? {}) as { code?: unknown };
  return (
    error instanceof Error && typeof code === "string" && /^(?:PLT_KFK_|ERR_(?:OSSL|SSL|TLS)_|E[A-Z]+$)/.test(code)
  );
}

function unavailableFrom(error: Error): Unavailable {
  const all = errorsIn(error);
  // A certificate or token file that cannot be read has already thrown an `Unavailable` that names the file.
  const own = all.find((one) => one instanceof Unavailable);
  if (own !== undefined) return own;
  const [code, state, remedy] = troubleOf(all);
  return new Unavailable(code, `Cannot use Kafka: ${state}`, remedy, error);
}

function troubleOf(all: readonly Nested[]): Trouble {
  for (const { apiId } of all) {
    const known = apiId === undefined ? undefined : BY_NAME.get(apiId);
    if (known !== undefined) return known;
  }
  for (const { code, message } of all) {
    if (code === "PLT_KFK_AUTHENTICATION") return unauthorized();
    // The driver gives these errors no code of their own, so they are told apart by their message.
    if (code === "PLT_KFK_USER" && message.startsWith("Unknown topic ")) return unknownTopic();
    if (code === "PLT_KFK_USER" && /^(?:Broker requires TLS|TLS handshake failed)\./.test(message)) {
      return ["LOG_TLS", "one side speaks TLS and the other does not", "set kafka.tls to what the listener speaks"];
    }
    const tls = typeof code === "string" ? BY_TLS_CODE.find(([pattern]) => pattern.test(code)) : undefined;
    if (tls !== undefined) return ["LOG_TLS", `${tls[1]} (${String(code)})`, tls[2]];
  }
  const remedy = "check that the brokers run, their addresses and the network; `sigma doctor` asks each of them";
  return ["LOG_UNREACHABLE", "it cannot be reached", remedy];
}

/** Troubles by the error codes that OpenSSL and Node give to a bad certificate or a failed handshake. */
const BY_TLS_CODE: readonly (readonly [RegExp, state: string, remedy: string])[] = [
  [
    /^ERR_OSSL_/,
    "the certificate or the key of this client cannot be used",
    "check that kafka.tls_cert_file and kafka.tls_key_file are PEM and belong together",
  ],
  [
    /_ALERT_/,
    "it ends the TLS handshake",
    "check kafka.tls_cert_file and kafka.tls_key_file: it may ask for a certificate that it can trust",
  ],
  [
    /CERT|SIGNATURE|^ERR_(?:SSL|TLS)_/,
    "its certificate is not accepted",
    "check kafka.tls_ca_file, and that the broker's certificate is valid and names its address",
  ],
];
