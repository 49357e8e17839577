import { createPrivateKey, hash, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { describeIoError } from "../contract/source-text.ts";

/** Files of a server that speaks TLS, in PEM. */
export type TlsFiles = {
  /** The certificate, then those that lead to its authority. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Null: the key is not encrypted. */
  readonly passphrase: string | null;
  /** Authorities that sign certificates of clients; null: no client is asked for one. */
  readonly clientCaFile: string | null;
};

/** What the certificate of a server says of itself. */
export type CertificateFacts = {
  /** Names and addresses that it is for, as `DNS:gateway.example.com, IP Address:10.0.0.1`; "" for none. */
  readonly names: string;
  /** Milliseconds since the epoch. */
  readonly beginsMs: number;
  readonly endsMs: number;
};

/** A certificate and its key that belong together. The key is behind a function, so that printing a pair does not print it. */
export type TlsPair = {
  readonly about: CertificateFacts;
  /** Changes with every byte of the files. */
  readonly digest: string;
  /** Of the authorities of clients; "" without them. */
  readonly clientCaDigest: string;
  readonly options: () => SecureContextOptions;
};

export type PairRead =
  | { readonly kind: "pair"; readonly pair: TlsPair }
  /** `why` is a sentence that holds nothing secret; `digest` is the same as long as the files are. */
  | { readonly kind: "unfit"; readonly why: string; readonly digest: string };

/** Older protocols are not spoken, whatever Node is told to allow. */
const OLDEST = "TLSv1.2";

/** Reads the files and judges whether a server can speak TLS by them. It does not judge whether the certificate is valid today. */
export async function readTlsPair({ certFile, keyFile, passphrase, clientCaFile }: TlsFiles): Promise<PairRead> {
  const texts: string[] = [];
  for (const file of [certFile, keyFile, ...(clientCaFile === null ? [] : [clientCaFile])]) {
    try {
      texts.push(await readFile(file, "utf8"));
    } catch (error) {
      const why = `"${file}" cannot be read: ${describeIoError(error)}`;
      return { kind: "unfit", why, digest: why };
    }
  }
  const [cert = "", key = "", clientCa = ""] = texts;
  const digest = hash("sha256", JSON.stringify(texts));
  const unfit = (why: string): PairRead => ({ kind: "unfit", why, digest });
  const [own] = certificatesIn(cert) ?? [];
  if (own === undefined) return unfit(`"${certFile}" holds no certificate in PEM`);
  if (clientCaFile !== null && (certificatesIn(clientCa) ?? []).length === 0)
    return unfit(`"${clientCaFile}" holds no certificates in PEM`);
  const ours = keyIn(key, passphrase);
  if (ours === null) {
    const secret = passphrase === null ? "" : ", or its passphrase is another";
    return unfit(`"${keyFile}" holds no key in PEM that can be used${secret}`);
  }
  if (!own.checkPrivateKey(ours)) return unfit(`the key in "${keyFile}" is not that of "${certFile}"`);
  const options = (): SecureContextOptions => ({
    cert,
    key,
    ...(passphrase === null ? {} : { passphrase }),
    ...(clientCaFile === null ? {} : { ca: clientCa }),
    minVersion: OLDEST,
  });
  try {
    createSecureContext(options());
  } catch (error) {
    return unfit(`"${certFile}" cannot be used: ${(error as Error).message}`);
  }
  const clientCaDigest = clientCaFile === null ? "" : hash("sha256", clientCa);
  return { kind: "pair", pair: { about: factsOf(own), digest, clientCaDigest, options } };
}

function factsOf({ subjectAltName = "", validFromDate, validToDate }: X509Certificate): CertificateFacts {
  return { names: subjectAltName, beginsMs: validFromDate.getTime(), endsMs: validToDate.getTime() };
}

const BLOCK = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/** The certificates of a text, in order; null when one of them is damaged. */
function certificatesIn(text: string): readonly X509Certificate[] | null {
  try {
    return [...text.matchAll(BLOCK)].map(([block]) => new X509Certificate(block));
  } catch {
    return null;
  }
}

/** Null for a text that is no private key, or one under another passphrase. */
function keyIn(text: string, passphrase: string | null): ReturnType<typeof createPrivateKey> | null {
  try {
    return createPrivateKey(passphrase === null ? text : { key: text, passphrase });
  } catch {
    return null;
  }
}
