import { FORMATS } from "../src/schema/formats/formats.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { compare, printTable } from "./rounds.ts";

// node bench/formats.ts [rounds]     Each format's check on texts that pass, against JSON.parse of the same texts, in one run.
// Target: 150 ns for date-time, date, uuid, email and ipv4.

const [ROUNDS] = readArguments(wholeNumber(31));
const OPERATIONS = 20_000;

const two = (n: number): string => String(n).padStart(2, "0");
const hex = (n: number): string => (n * 2_654_435_761).toString(16).padStart(12, "0").slice(-12);

const TEXTS: Readonly<Record<string, (n: number) => string>> = {
  "date-time": (n) => `2026-${two((n % 12) + 1)}-${two((n % 28) + 1)}T${two(n % 24)}:${two(n % 60)}:07.${n}+02:00`,
  date: (n) => `2026-${two((n % 12) + 1)}-${two((n % 28) + 1)}`,
  time: (n) => `${two(n % 24)}:${two(n % 60)}:07Z`,
  duration: (n) => `P${n}DT${n % 24}H${n % 60}M`,
  uuid: (n) => `2eb8aa08-aa98-4${two(n % 60)}a-b4aa-${hex(n)}`,
  email: (n) => `first.last+${n}@mail.example.com`,
  "idn-email": (n) => `jörg${n}@bücher.example`,
  ipv4: (n) => `10.${n % 256}.${(n * 7) % 256}.${(n * 3) % 256}`,
  ipv6: (n) => `2001:db8:${(n % 4096).toString(16)}::8a2e:370:7334`,
  hostname: (n) => `host-${n}.eu-west-1.example.com`,
  "idn-hostname": (n) => `bücher${n}.example`,
  uri: (n) => `https://example.com/orders/${n}?page=${n % 9}&q=a%20b#top`,
  iri: (n) => `https://example.com/bücher/${n}?q=ä`,
  "uri-template": (n) => `/orders/{id}/lines/${n}{?page,size:3}`,
  "json-pointer": (n) => `/lines/${n}/pri~1ce`,
  "relative-json-pointer": (n) => `${n}/price`,
  regex: (n) => `^[A-Z]{${n % 9}}-(?<year>\\d{4})$`,
};

for (const [name, textOf] of Object.entries(TEXTS)) {
  const check = FORMATS.get(name);
  if (check === undefined) throw new Error(`There is no format "${name}"`);
  const texts = Array.from({ length: 256 }, (_, n) => textOf(n));
  const json = texts.map((text) => JSON.stringify(text));
  if (!texts.every(check)) throw new Error(`A text for "${name}" is none`);
  const timed = compare(
    [
      { name: "JSON.parse", operations: OPERATIONS, run: () => repeat(json, (text) => JSON.parse(text) !== null) },
      { name, operations: OPERATIONS, run: () => repeat(texts, check) },
    ],
    ROUNDS,
  );
  printTable(`${name}: ${texts[17] ?? ""}`, timed);
}

function repeat(texts: readonly string[], run: (text: string) => boolean): number {
  let passed = 0;
  for (let n = 0; n < OPERATIONS; n++) if (run(texts[n & 255] ?? "")) passed++;
  return passed;
}
