/** How to reach a cluster. Secrets are functions, so that printing the options does not print them. */
export type KafkaConnection = {
  /** host:port of some brokers. */
  readonly brokers: readonly string[];
  readonly tls: { readonly ca: string | null; readonly cert: string | null; readonly key: string | null } | null;
  readonly sasl: KafkaSasl | null;
};

export type KafkaSasl =
  | {
      readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
      readonly username: string;
      readonly password: () => string;
    }
  | { readonly mechanism: "OAUTHBEARER"; readonly token: () => string | Promise<string> };
