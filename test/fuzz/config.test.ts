import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { CODES } from "../../src/config/codes.ts";
import { CLOCK, mutated, tryCases } from "./budget.ts";

const GOOD = [
  `http: {host: 127.0.0.1, port: 8000}
data: {dir: data}
contracts: {dir: contracts, reload_seconds: 5}
sources:
  - topic: shipments
    subject: shipment
    default: 1
    accepts: [1, 2]
    partitions: 3
limits:
  record_bytes: 1048576
  depth: 64
batch: {records: 100, bytes: 1000000}
breaker: {failed_percent: 50, consecutive: 10, window: 100}
`,
  `kafka:
  brokers: broker-1:9092,broker-2:9092
  group: sigma
mongodb:
  uri: mongodb://user:s3cr3t@127.0.0.1:27017/db?replicaSet=rs0
evidence: drop
log: {level: info, format: json}
http:
  hosts: gateway.example.com
  allow_remote_without_keys: true
  host: 0.0.0.0
  validate_subject: shipment@1
shadow: {versions: shipment@2}
notify:
  webhooks:
    - {url: "https://h.example/s3cr3t", format: slack, events: [stream-halted]}
    - {url: "https://h.example", secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]}
`,
  "",
  "# nothing\n",
];

const TOKENS = [
  ...SETTINGS.map(({ key }) => `${key.replace(".", ":\n  ")}: `),
  "\n",
  "\n  ",
  "- ",
  ": ",
  "{",
  "}",
  "[",
  "]",
  ",",
  "&a ",
  "*a",
  "!!binary ",
  "? ",
  "|\n",
  ">\n",
  "---\n",
  "%YAML 1.1\n",
  "<<: ",
  "__proto__: ",
  "~",
  "-0",
  "0x10",
  "1e999",
  ".nan",
  "9007199254740993",
  "yes",
  '"',
  "'",
  "\\x00",
  "\t",
  "\u0000",
  "\u00ff",
  "\u2028",
  "s3cr3t",
  "@",
  "mongodb+srv://",
  "[".repeat(3_000),
  "- ".repeat(3_000),
  "{a: ".repeat(3_000),
];

const VALUES = [
  "",
  " ",
  "0",
  "-1",
  "1e3",
  "99999999999999999999",
  "true",
  "NO",
  "127.0.0.1",
  "::1",
  "0.0.0.0",
  "shipments=shipment@1",
  "shipments=shipment@1,shipments=shipment@1",
  "a=b@c=d",
  "=",
  "shipment@2",
  "mongodb://u:s3cr3t@h:1/db",
  "mongodb://u:s3@cr3t@h/a.b",
  "mongodb://[",
  "http://u:s3cr3t@h:8081",
  "http://[::1",
  "SASL_SSL://u:s3cr3t@h:9092",
  "h:99999",
  "h",
  ",",
  "*",
  "PLAIN",
  "SCRAM-SHA-512",
  "/no/such/file",
  "\u{1f600}",
  "x".repeat(10_000),
];

type Given = {
  /** Bytes of sigma.yaml, as Latin-1. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
};

const names = SETTINGS.flatMap(({ env, alias }) => [env, ...(alias === null ? [] : [alias])]);
const given: fc.Arbitrary<Given> = fc.record({
  file: fc.oneof(mutated(fc.constantFrom(...GOOD), TOKENS, 4), fc.string({ unit: "binary", maxLength: 60 })),
  env: fc.dictionary(
    fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...names) },
      { weight: 1, arbitrary: fc.constantFrom("SIGMA_", "SIGMA_HTTP_PROT", "PATH") },
    ),
    fc.oneof(fc.constantFrom(...VALUES), mutated(fc.constantFrom(...VALUES), TOKENS.slice(-20, -3), 2)),
    { maxKeys: 3 },
  ),
});

function prepare(): string {
  const directory = mkdtempSync(join(tmpdir(), "sigma-fuzz-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "sigma.yaml");
}

describe("whatever the configuration says", () => {
  test("it is settings, or faults with a code, a place and what to do, and no secret among them", CLOCK, async () => {
    const path = prepare();
    await tryCases({
      runs: 2_000,
      corpus: "config",
      cases: given,
      holds: async ({ file, env }) => {
        writeFileSync(path, Buffer.from(file, "latin1"));
        const read = await readConfig({ flags: new Map(), env, file: path });
        if (read.ok) {
          for (const { setting, value } of read.settings) expect([setting.key, value]).not.toContain(undefined);
          return;
        }
        expect(read.faults.length).toBeGreaterThan(0);
        for (const { code, place, message, remedy } of read.faults) {
          expect(Object.keys(CODES)).toContain(code);
          expect(code).not.toMatch(/^SIG-X/);
          expect(place).toMatch(/^(?:environment \w+|.*sigma\.yaml(?::\d+:\d+)?|default)$/s);
          expect([message.length, remedy.length].every((length) => length > 0 && length < 1_000)).toBe(true);
          // Neither a password in an address, whose setting it is or is not, nor a setting that is one.
          expect(`${message}${remedy}`).not.toMatch(/:\/\/[^"\s]*s3cr3t[^"\s]*@/);
          if (/(?:PASSWORD|MONGODB_URI)$/.test(place)) expect(`${message}${remedy}`).not.toContain("s3cr3t");
        }
      },
    });
  });
});
