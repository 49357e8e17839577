import type { Config } from "../config/config.ts";
import { EXPIRING_MS } from "../tls/follow.ts";
import { readTlsPair } from "../tls/pair.ts";
import { fail, ok, warn, type Check } from "./check.ts";

const DAY_MS = 86_400_000;
const NAME = "tls";

/** Checks that the HTTP server can speak TLS by its files, and how long their certificate is valid. No check in plain HTTP. */
export async function checkTls({ http: { tls } }: Config, nowMs: number): Promise<readonly Check[]> {
  if (tls === null) return [];
  const read = await readTlsPair(tls.files);
  if (read.kind === "unfit")
    return [fail(NAME, `Cannot speak TLS: ${read.why}`, "write a certificate and its key that belong together")];
  const { names, beginsMs, endsMs } = read.pair.about;
  const day = new Date(endsMs).toISOString().slice(0, 10);
  const left = Math.floor((endsMs - nowMs) / DAY_MS);
  const renew = "put a new certificate and its key into their files; a running gateway follows";
  if (names === "") return [fail(NAME, "the certificate names no host", "make one with names in subjectAltName")];
  if (endsMs <= nowMs) return [fail(NAME, `the certificate for ${names} has ended on ${day}`, renew)];
  if (beginsMs > nowMs)
    return [fail(NAME, `the certificate for ${names} is not valid yet`, "use one that is, or set this clock")];
  const state = `the certificate for ${names} is valid for ${left} days, until ${day}`;
  return [endsMs - nowMs <= EXPIRING_MS ? warn(NAME, state, renew) : ok(NAME, state)];
}
