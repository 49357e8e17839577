import { findErrorBy, type ConsumerOptions } from "@platformatic/kafka";
import type { KafkaConnection } from "../kafka-connection.ts";
import { Unavailable } from "../../core/unavailable.ts";

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
      tlsServerName: true,
    }),
    ...(sasl !== null && { sasl }),
  };
}

type Trouble = readonly [code: string, state: string, remedy: string];

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
  ["UNKNOWN_TOPIC_OR_PARTITION", unknownTopic()],
  ["UNKNOWN_TOPIC_ID", unknownTopic()],
  ["INCONSISTENT_TOPIC_ID", unknownTopic()],
  ["MESSAGE_TOO_LARGE", tooLarge()],
  ["RECORD_LIST_TOO_LARGE", tooLarge()],
]);

function unauthorized(): Trouble {
  return ["LOG_UNAUTHORIZED", "it refuses the credentials", "check kafka.sasl; the gateway goes on by itself"];
}

function unknownTopic(): Trouble {
  return ["LOG_TOPIC_MISSING", "a topic does not exist", "create the topic, or remove it from sources"];
}

function tooLarge(): Trouble {
  return ["LOG_TOO_LARGE", "a record is larger than the topic takes", "raise max.message.bytes of the topic"];
}

/** Whether an error of the driver is, or contains, this error of the broker. */
export function isBrokerError(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.some((name) => findErrorBy(error, "apiId", name) !== null);
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
  return error instanceof Error && typeof code === "string" && (code.startsWith("PLT_KFK_") || /^E[A-Z]+$/.test(code));
}

function unavailableFrom(error: Error): Unavailable {
  for (const [name, [code, state, remedy]] of BY_NAME) {
    if (isBrokerError(error, name)) return new Unavailable(code, `Cannot use Kafka: ${state}`, remedy, error);
  }
  if (findErrorBy(error, "code", "PLT_KFK_AUTHENTICATION") !== null) {
    const [code, state, remedy] = unauthorized();
    return new Unavailable(code, `Cannot use Kafka: ${state}`, remedy, error);
  }
  const remedy = "check that the brokers run, their addresses and the network; the gateway goes on by itself";
  return new Unavailable("LOG_UNREACHABLE", "Cannot use Kafka: it cannot be reached", remedy, error);
}
