import { Connection } from "@platformatic/kafka";
import { Unavailable } from "../../core/unavailable.ts";
import type { KafkaConnection } from "../kafka-connection.ts";
import { baseOptions, guarded } from "./client.ts";

/**
 * Runs one exchange on a new connection. A broker that closes the connection at the first request expects TLS or SASL.
 */
export async function ask<T>(
  connection: KafkaConnection,
  address: string,
  run: (link: Connection) => Promise<T>,
): Promise<T> {
  const link = new Connection("sigma-aetl", baseOptions(connection));
  const troubles: Error[] = [];
  link.on("error", (error) => troubles.push(error));
  const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  try {
    return await guarded(async () => {
      await link.connect(host, Number(port));
      return run(link).catch((error: unknown) => {
        throw troubles[0] ?? (isHangUp(error) ? hungUp() : error);
      });
    });
  } finally {
    await link.close().catch(() => undefined);
  }
}

function isHangUp(error: unknown): boolean {
  return (error as { code?: unknown }).code === "PLT_KFK_NETWORK";
}

function hungUp(): Unavailable {
  return new Unavailable(
    "LOG_UNREACHABLE",
    "Cannot use Kafka: it hangs up at the first request",
    "set kafka.tls and kafka.sasl_mechanism to what its listener asks for",
  );
}
