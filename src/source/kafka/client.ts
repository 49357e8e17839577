import type { ConsumerOptions } from "@platformatic/kafka";
import type { KafkaConnection } from "../kafka-connection.ts";
import { Unavailable, type UnavailableCode } from "../../core/unavailable.ts";

const CONNECT_TIMEOUT_MS = 5_000;
/** Longer than any long poll: what takes longer is a half-open connection. */
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
 * What every client of the driver gets. Few retries of its own: an operation that fails is `Unavailable`, and the
 * gateway's loop, which shows the trouble and backs off, tries again.
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
      tls: { ...(tls.ca !== null && { ca: tls.ca }), ...(tls.cert !== null && { cert: tls.cert, key: tls.key ?? "" }) },
      // A server is called by its name (RFC 6066), never by an address; who is there is verified for both.
      tlsServerName: !brokers.every(isAddress),
    }),
    ...(sasl !== null && { sasl }),
  };
}

function isAddress(broker: string): boolean {
  return /^(?:\[|\d{1,3}(?:\.\d{1,3}){3}:)/.test(broker);
}

type Trouble = readonly [code: UnavailableCode, state: string, remedy: string];

/** By the broker's own name of the error (kafka/common/protocol/Errors.java). */
const BY_NAME: ReadonlyMap<string, Trouble> = new Map([
  ...["TOPIC_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED"].map(
    (name): [string, Trouble] => [
      name,
      ["LOG_UNAUTHORIZED", "it refuses the operation", "grant the ACLs that `sigma doctor` lists"],
    ],
  ),
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
  ["MESSAGE_TOO_LARGE", tooLarge()],
  ["RECORD_LIST_TOO_LARGE", tooLarge()],
]);

function unauthorized(): Trouble {
  const remedy = "check kafka.sasl_mechanism, the user and the password or token; the gateway goes on by itself";
  return ["LOG_UNAUTHORIZED", "it refuses the credentials", remedy];
}

function unknownTopic(): Trouble {
  return ["LOG_TOPIC_MISSING", "a topic does not exist", "create the topic, or remove it from sources"];
}

function tooLarge(): Trouble {
  return ["LOG_TOO_LARGE", "a record is larger than the topic takes", "raise max.message.bytes of the topic"];
}

/** Whether an error of the driver is, or contains, this error of the broker. */
export function isBrokerError(error: unknown, ...names: readonly string[]): boolean {
  return errorsIn(error).some(({ apiId }) => apiId !== undefined && names.includes(apiId));
}

type Nested = Error & { readonly code?: unknown; readonly apiId?: string; readonly errors?: unknown };

const NESTED_MAX = 12;

/** An error and all in it. The driver nests them as lists and as causes, and itself looks only into the lists. */
function errorsIn(error: unknown, depth = 0): readonly Nested[] {
  if (!(error instanceof Error) || depth === NESTED_MAX) return [];
  const nested: Nested = error;
  const listed: readonly unknown[] = Array.isArray(nested.errors) ? nested.errors : [];
  return [nested, ...[...listed, nested.cause].flatMap((one) => errorsIn(one, depth + 1))];
}

/** Runs one exchange with the cluster; whatever the driver throws becomes `Unavailable`: no decision yet. */
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
  // A file of ours that cannot be read says so itself.
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
    // The driver's own words for what it found itself.
    if (code === "PLT_KFK_USER" && message.startsWith("Unknown topic ")) return unknownTopic();
    if (code === "PLT_KFK_USER" && /^(?:Broker requires TLS|TLS handshake failed)\./.test(message)) {
      return ["LOG_TLS", "one side speaks TLS and the other does not", "set kafka.tls to what the listener speaks"];
    }
    const tls = typeof code === "string" ? OF_TLS.find(([pattern]) => pattern.test(code)) : undefined;
    if (tls !== undefined) return ["LOG_TLS", `${tls[1]} (${String(code)})`, tls[2]];
  }
  const remedy = "check that the brokers run, their addresses and the network; `sigma doctor` asks each of them";
  return ["LOG_UNREACHABLE", "it cannot be reached", remedy];
}

/** By the names that OpenSSL and Node give what is wrong with a certificate or a handshake. */
const OF_TLS: readonly (readonly [RegExp, state: string, remedy: string])[] = [
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
