import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { run } from "../servers/cache.ts";

/** Files of a certificate and its key, in PEM. */
export type Made = { readonly cert: string; readonly key: string };

export type Authority = Made & {
  readonly directory: string;
  /** Signs a certificate with a key of its own. @param name of the files. */
  readonly sign: (name: string, wanted?: Wanted) => Made;
};

type Wanted = {
  readonly subject?: string;
  /** subjectAltName; "" for none. */
  readonly names?: string;
  readonly days?: number;
  /** Encrypts the key. */
  readonly passphrase?: string;
};

/** A directory that is gone when the test is. */
export function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), "sigma-tls-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

/** Makes an authority with openssl. */
export function makeAuthority(directory: string, name = "ca"): Authority {
  const path = (file: string): string => join(directory, file);
  const make = (...args: readonly string[]): unknown => run("openssl", args, directory);
  make(
    "req",
    "-x509",
    ...EC,
    "-nodes",
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.pem`,
    "-days",
    "2",
    "-subj",
    `/CN=${name}`,
  );
  const sign: Authority["sign"] = (file, wanted = {}) => {
    const { subject = `/CN=${file}`, names = "DNS:localhost,IP:127.0.0.1", days = 2, passphrase } = wanted;
    const locked = passphrase === undefined ? ["-nodes"] : ["-passout", `pass:${passphrase}`];
    make("req", ...EC, ...locked, "-keyout", `${file}.key`, "-out", `${file}.csr`, "-subj", subject);
    writeFileSync(path(`${file}.ext`), names === "" ? "" : `subjectAltName=${names}\n`);
    const by = ["-CA", `${name}.pem`, "-CAkey", `${name}.key`, "-CAcreateserial", "-extfile", `${file}.ext`];
    make("x509", "-req", "-in", `${file}.csr`, ...by, "-days", String(days), "-out", `${file}.pem`);
    return { cert: path(`${file}.pem`), key: path(`${file}.key`) };
  };
  return { cert: path(`${name}.pem`), key: path(`${name}.key`), directory, sign };
}

/** Puts what other files have into the files of a server, as whoever renews a certificate does. */
export function replace(into: Made, by: Made): void {
  writeFileSync(into.cert, readFileSync(by.cert));
  writeFileSync(into.key, readFileSync(by.key));
}
