import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../servers/cache.ts";

/** Files in PEM: two authorities, and what the first one signed. */
export type Certificates = {
  readonly ca: string;
  readonly otherCa: string;
  readonly client: { readonly cert: string; readonly key: string };
  /** Of the other authority. */
  readonly stranger: { readonly cert: string; readonly key: string };
  /** Key and certificate of the broker in one file, as Kafka reads them. */
  readonly broker: string;
};

/** Makes them with openssl; the broker's names localhost and 127.0.0.1. */
export function makeCertificates(directory: string): Certificates {
  const path = (name: string): string => join(directory, name);
  const make = (...args: readonly string[]): unknown => run("openssl", args, directory);
  const key = (name: string): readonly string[] => ["-newkey", "rsa:2048", "-nodes", "-keyout", `${name}.key`];
  const authority = (name: string): void => {
    make("req", "-x509", ...key(name), "-out", `${name}.pem`, "-days", "2", "-subj", `/CN=${name}`);
  };
  const sign = (name: string, by: string): { readonly cert: string; readonly key: string } => {
    make("req", ...key(name), "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    writeFileSync(path(`${name}.ext`), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    const signer = ["-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial"];
    make(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      ...signer,
      "-days",
      "2",
      "-extfile",
      `${name}.ext`,
      "-out",
      `${name}.pem`,
    );
    return { cert: path(`${name}.pem`), key: path(`${name}.key`) };
  };
  authority("ca");
  authority("other");
  const broker = sign("broker", "ca");
  const text = [broker.key, broker.cert].map((file) => readFileSync(file, "utf8")).join("");
  writeFileSync(path("keystore.pem"), text);
  return {
    ca: path("ca.pem"),
    otherCa: path("other.pem"),
    client: sign("client", "ca"),
    stranger: sign("stranger", "other"),
    broker: path("keystore.pem"),
  };
}

/** server.properties of a listener that speaks TLS. */
export function tlsListener(name: string, { broker, ca }: Certificates): readonly string[] {
  const prefix = `listener.name.${name.toLowerCase()}.ssl`;
  return [
    `${prefix}.keystore.type=PEM`,
    `${prefix}.keystore.location=${broker}`,
    `${prefix}.truststore.type=PEM`,
    `${prefix}.truststore.location=${ca}`,
  ];
}
