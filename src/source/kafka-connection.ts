/** How to reach a cluster. Secrets are functions, so that printing the options does not print them. */
export type KafkaConnection = {
  /** host:port of some brokers. */
  readonly brokers: readonly string[];
  /** Called for every connection; null: no TLS. */
  readonly tls: (() => KafkaTls) | null;
  readonly sasl: KafkaSasl | null;
};

/** Texts in PEM; null: none. */
export type KafkaTls = { readonly ca: string | null; readonly cert: string | null; readonly key: string | null };

export type KafkaSasl =
  | {
      readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
      readonly username: string;
      readonly password: () => string;
    }
  | { readonly mechanism: "OAUTHBEARER"; readonly token: () => string | Promise<string> };
