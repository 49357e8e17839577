import { pbkdf2Sync, randomBytes } from "node:crypto";
import { alterUserScramCredentialsV0, Connection } from "@platformatic/kafka";

/** server.properties of a listener with every mechanism; PLAIN knows one user, SCRAM those that are set. */
export function saslListener(name: string, user: string, password: string): readonly string[] {
  const prefix = `listener.name.${name.toLowerCase()}`;
  const modules = "org.apache.kafka.common.security";
  const scram = `${modules}.scram.ScramLoginModule required;`;
  return [
    `${prefix}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER`,
    `${prefix}.plain.sasl.jaas.config=${modules}.plain.PlainLoginModule required user_${user}="${password}";`,
    `${prefix}.scram-sha-256.sasl.jaas.config=${scram}`,
    `${prefix}.scram-sha-512.sasl.jaas.config=${scram}`,
    // Kafka's handler for tests: it believes a token that nobody signed.
    `${prefix}.oauthbearer.sasl.jaas.config=${modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  ];
}

const ITERATIONS = 4_096;

/** Gives a user a password for both SCRAM mechanisms (RFC 5802), by their numbers in the protocol of Kafka. */
export async function setScramPassword(brokers: string, user: string, password: string): Promise<void> {
  const [host = "", port = ""] = brokers.split(":");
  const connection = new Connection("tests");
  await connection.connect(host, Number(port));
  try {
    const credentials = ([1, 2] as const).map((mechanism) => {
      const salt = randomBytes(16);
      const [digest, length] = mechanism === 1 ? (["sha256", 32] as const) : (["sha512", 64] as const);
      const saltedPassword = pbkdf2Sync(password, salt, ITERATIONS, length, digest);
      return { name: user, mechanism, iterations: ITERATIONS, salt, saltedPassword };
    });
    // One mechanism at a time: a request that names a user twice is refused.
    for (const one of credentials) await alterUserScramCredentialsV0.api.async(connection, [], [one]);
  } finally {
    await connection.close();
  }
}

/** A token that nobody signed (RFC 7515, appendix A.5), valid for so many seconds from now on. */
export function unsignedToken(user: string, seconds: number): string {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { sub: user, iat: now + Math.min(0, seconds) - 1, exp: now + seconds };
  const parts = [{ alg: "none" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  return `${parts.join(".")}.`;
}
