import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FORMATS } from "../../../src/schema/formats/formats.ts";

// Each check against something that was written otherwise: the platform's own readers, or the grammar as one expression.

const SEED = 20_261_128;
const RUNS = 20_000;

/** Texts of the format, with up to three characters replaced, left out or put in. */
function nearly(texts: fc.Arbitrary<string>, alphabet: string): fc.Arbitrary<string> {
  const edit = fc.record({ at: fc.nat(60), remove: fc.nat(1), insert: fc.constantFrom("", ...Array.from(alphabet)) });
  return fc.tuple(texts, fc.array(edit, { maxLength: 3 })).map(([text, edits]) => {
    let edited = text;
    for (const { at, remove, insert } of edits) {
      const place = at % (edited.length + 1);
      edited = edited.slice(0, place) + insert + edited.slice(place + remove);
    }
    return edited;
  });
}

/** Compares, and says how many texts were of the format: a comparison of refusals only would say little. */
function agree(format: string, texts: fc.Arbitrary<string>, oracle: (text: string) => boolean, numRuns = RUNS): number {
  const check = FORMATS.get(format)!;
  const differing: string[] = [];
  let right = 0;
  for (const text of fc.sample(texts, { numRuns, seed: SEED })) {
    const expected = oracle(text);
    if (expected) right++;
    if (check(text) !== expected) differing.push(text);
  }
  expect(differing.slice(0, 10)).toEqual([]);
  return right / numRuns;
}

const two = (max: number): fc.Arbitrary<string> => fc.nat(max).map((n) => String(n).padStart(2, "0"));
const date = fc
  .tuple(fc.oneof(fc.nat(9999), fc.constantFrom(0, 4, 1900, 2000, 2024)), two(13), fc.oneof(two(32), two(3)))
  .map(([year, month, day]) => `${String(year).padStart(4, "0")}-${month}-${day}`);
const time = fc
  .tuple(
    fc.oneof(two(24), fc.constant("23")),
    fc.oneof(two(60), fc.constant("59")),
    fc.oneof(two(61), fc.constant("60")),
    fc.constantFrom("", "", ".5", ".123456789"),
    fc.oneof(
      fc.constantFrom("Z", "z", ""),
      fc
        .tuple(fc.constantFrom("+", "-"), two(24), two(60))
        .map(([sign, hours, minutes]) => `${sign}${hours}:${minutes}`),
    ),
  )
  .map(([hour, minute, second, fraction, offset]) => `${hour}:${minute}:${second}${fraction}${offset}`);

function isCalendarDate(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

/** A second 60 is right when the second after :59 begins a month in UTC, or for a time alone a day. */
function isInstant(text: string, begins: (at: Date) => boolean): boolean {
  const parts = /^(.{10})[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/.exec(text);
  if (parts === null || !isCalendarDate(parts[1]!)) return false;
  if (Number(parts[2]) > 23 || Number(parts[3]) > 59 || Number(parts[4]) > 60) return false;
  if (parts[4] !== "60") return true;
  const before = Date.parse(`${parts[1]}T${parts[2]}:${parts[3]}:59${parts[5]!.toUpperCase()}`);
  return begins(new Date(before + 1000));
}

const beginsDay = (at: Date): boolean => at.getTime() % 86_400_000 === 0;
const beginsMonth = (at: Date): boolean => beginsDay(at) && at.getUTCDate() === 1;

describe("agrees with", () => {
  test("the platform's calendar on dates", () => {
    expect(agree("date", nearly(date, "0123456789-/ T"), isCalendarDate)).toBeGreaterThan(0.2);
  });

  test("the platform's calendar on date-times, and on which seconds 60 end a month in UTC", () => {
    const texts = fc.tuple(date, fc.constantFrom("T", "T", "t", " "), time).map((parts) => parts.join(""));
    expect(
      agree("date-time", nearly(texts, "0123456789:-+.TZ"), (text) => isInstant(text, beginsMonth)),
    ).toBeGreaterThan(0.04);
    // Few random seconds 60 are at the end of a month: here all are near one.
    const leap = fc
      .tuple(fc.constantFrom("2016-12-31", "2017-01-01", "2016-12-30", "2016-02-29", "2015-03-01"), two(23), two(23))
      .chain(([day, hour, offset]) =>
        fc.constantFrom(
          `${day}T${hour}:59:60Z`,
          `${day}T${hour}:59:60+${offset}:00`,
          `${day}T${hour}:29:60-${offset}:30`,
          `${day}T${hour}:29:60+${offset}:30`,
        ),
      );
    expect(agree("date-time", leap, (text) => isInstant(text, beginsMonth))).toBeGreaterThan(0.005);
  });

  test("the platform's calendar on times", () => {
    const oracle = (text: string): boolean => isInstant(`2000-01-01T${text}`, beginsDay);
    expect(agree("time", nearly(time, "0123456789:-+.Zz"), oracle)).toBeGreaterThan(0.1);
  });

  test("node:net on addresses", () => {
    const quad = fc.array(fc.nat(270), { minLength: 4, maxLength: 4 }).map((octets) => octets.join("."));
    const groups = fc.array(fc.constantFrom("0", "ff", "2001", "db8", "", ":"), { minLength: 1, maxLength: 9 });
    const six = fc
      .tuple(
        groups,
        fc.oneof(
          fc.constant(""),
          quad.map((text) => `:${text}`),
        ),
      )
      .map(([parts, tail]) => parts.join(":") + tail);
    const whole = fc
      .tuple(fc.array(fc.constantFrom<string>("0", "ff", "2001"), { minLength: 1, maxLength: 8 }), fc.nat(8))
      .map(([parts, at]) =>
        (parts.length === 8 ? parts : parts.toSpliced(at, 0, at === 0 || at >= parts.length ? ":" : "")).join(":"),
      );
    expect(agree("ipv4", nearly(quad, "0123456789. x"), (text) => isIP(text) === 4)).toBeGreaterThan(0.1);
    expect(
      agree("ipv6", nearly(fc.oneof(six, whole), "0123456789abcdefgF:.[]/"), (text) => isIP(text) === 6),
    ).toBeGreaterThan(0.05);
  });

  test.each([
    ["uuid", fc.uuid(), "0123456789abcdefABCDEF-{}", /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i],
    [
      "duration",
      fc.constantFrom("P1Y2M3DT4H5M6S", "P2W", "PT36H", "P10D", "PT1H2M", "P1YT5S", "P3M"),
      "0123456789PYMDTHSW.-",
      /^P(?:\d+W|(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?|T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))$/i,
    ],
    ["json-pointer", fc.constantFrom("", "/a", "/a~0b/~1", "//", "/ü/0"), "/~01a#", /^(?:\/(?:[^~/]|~[01])*)*$/],
    [
      "relative-json-pointer",
      fc.constantFrom("0", "1/a~1", "0#", "12-3/b", "0+10#"),
      "/~019#+-a",
      /^(?:0|[1-9]\d*)(?:[+-](?:0|[1-9]\d*))?(?:#|(?:\/(?:[^~/]|~[01])*)*)$/,
    ],
    [
      "uri-template",
      fc.constantFrom("/a/{b}{?c,d*}", "{+a:3}", "a%20b{#x.y}", "{a,b:12,c}", "x"),
      "{}ab,.:*%0129+#?/ <é",
      /^(?:[!#$&'()*+,\-./0-9:;=?@A-Z[\]_a-z~\u00a0-\ud7ff]|%[0-9a-f]{2}|\{[+#./;?&=,!@|]?(?:(?:\w|%[0-9a-f]{2})(?:\.?(?:\w|%[0-9a-f]{2}))*(?::[1-9]\d{0,3}|\*)?)(?:,(?:\w|%[0-9a-f]{2})(?:\.?(?:\w|%[0-9a-f]{2}))*(?::[1-9]\d{0,3}|\*)?)*\})*$/i,
    ],
  ] as const)("the grammar as one expression on %s", (format, texts, alphabet, grammar) => {
    expect(agree(format, nearly(texts, alphabet), (text) => grammar.test(text))).toBeGreaterThan(0.1);
  });

  test("the grammar as one expression on e-mail addresses", () => {
    const atom = String.raw`[\w!#$%&'*+\-/=?^\`{|}~]+`;
    const host = String.raw`[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?`;
    const grammar = new RegExp(
      String.raw`^(?=.{1,64}@)(?:${atom}(?:\.${atom})*|"(?:[ !#-\[\]-~]|\\[ -~])*")@(?:(?!\d+(?:\.\d+){3}$)${host}(?:\.${host})*|\[(?<literal>[^\]]*)\])$`,
      "i",
    );
    const oracle = (text: string): boolean => {
      const parts = grammar.exec(text);
      const literal = parts?.groups?.["literal"];
      if (parts === null || literal === undefined) return parts !== null;
      return literal.toLowerCase().startsWith("ipv6:") ? isIP(literal.slice(5)) === 6 : isIP(literal) === 4;
    };
    const texts = fc.constantFrom(
      "a@b",
      "first.last@example.com",
      '"a b\\""@example.com',
      "x@[192.0.2.1]",
      "x@[IPv6:::1]",
      "x@1.2.3.4",
      "o'b+c@a-b.c0m",
    );
    expect(agree("email", nearly(texts, 'a.@"\\ -_[]1:é'), oracle)).toBeGreaterThan(0.1);
  });

  test.each([
    ["uri", ""],
    ["uri-reference", ""],
    ["iri", String.raw`\xa0-\u200d\u2010-\u2029\u202f-\ud7ff`],
    ["iri-reference", String.raw`\xa0-\u200d\u2010-\u2029\u202f-\ud7ff`],
  ])("appendix A of RFC 3986 as one expression on %s", (format, beyond) => {
    const unreserved = String.raw`\w.~${beyond}\-`;
    const triplet = "%[0-9a-f]{2}";
    const pchar = String.raw`(?:[${unreserved}!$&'()*+,;=:@]|${triplet})`;
    const name = String.raw`(?:[${unreserved}!$&'()*+,;=]|${triplet})`;
    const future = String.raw`v[0-9a-f]+\.[\w.~\-!$&'()*+,;=:]+`;
    const authority = String.raw`(?:(?:${name}|:)*@)?(?:\[(?:${future}|(?<six>[0-9a-f:.]+))\]|${name}*)(?::\d*)?`;
    const behind = String.raw`(?:\?(?:${pchar}|[/?])*)?(?:#(?:${pchar}|[/?])*)?`;
    const rooted = String.raw`\/(?:${pchar}+(?:\/${pchar}*)*)?`;
    const scheme = String.raw`[a-z][a-z0-9+.\-]*:`;
    const absolute = `${scheme}(?://${authority}(?:/${pchar}*)*|${rooted}|${pchar}+(?:/${pchar}*)*|)${behind}`;
    const noColon = String.raw`(?:[${unreserved}!$&'()*+,;=@]|${triplet})`;
    const relative = `(?://${authority.replace("<six>", "<sixToo>")}(?:/${pchar}*)*|${rooted}|${noColon}+(?:/${pchar}*)*|)${behind}`;
    const grammar = new RegExp(format.endsWith("reference") ? `^(?:${absolute}|${relative})$` : `^${absolute}$`, "i");
    const oracle = (text: string): boolean => {
      const groups = grammar.exec(text)?.groups;
      if (groups === undefined) return false;
      const six = groups["six"] ?? groups["sixToo"];
      return six === undefined || isIP(six) === 6;
    };
    const texts = fc.constantFrom(
      "https://u:p@h.example:80/a/b?c=d#e",
      "http://[2001:db8::1]:8080/",
      "http://[v1.x:y]",
      "urn:a:b",
      "//h/a",
      "/a/b",
      "a/b:c",
      "?q",
      "#f",
      "file:///a",
      "a:b",
      "http://h/%41?%42",
    );
    expect(agree(format, nearly(texts, "a1:/?#[]@%!.~ \\<é中\u202e"), oracle)).toBeGreaterThan(0.1);
  });

  test("the engine's own reader on regular expressions", () => {
    const parts =
      String.raw`a b - ] [ [^ ( (?: (?= (?! (?<= (?<! (?<a> (?<b> (?i: (?i-s: (?-: (?ii: ) | * + ? { } {1} {1,} {2,1}
      {01,1} , ^ $ . \d \D \w \b \B \k<a> \k<b> \k \1 \2 \0 \01 \x41 \x4 \u0041 \ud83d \ude00 \u{1f600} \u{110000} \u{} \p{L}
      \P{Lu} \p{Foo} \p{Script=Greek} \p{sc=Foo} \p{RGI_Emoji} \- \/ \a \cA \c1 \c 😀 😎 && -- \] z 0 < > (?<\u0061> (?<$> (?<1>
      (?<𝒜> \k<\u0061> : = ! / \ \q{a} \t ſ`.split(/\s+/u);
    const texts = fc
      .array(fc.constantFrom(...parts, "\ud83d", "\ude00", "\n"), { maxLength: 8 })
      .map((chosen) => chosen.join(""));
    const oracle = (text: string): boolean => {
      try {
        return new RegExp(text, "u").unicode;
      } catch {
        return false;
      }
    };
    expect(agree("regex", texts, oracle, 100_000)).toBeGreaterThan(0.1);
  });

  test("node:url on names of scripts that Unicode has had for long", () => {
    const letters = fc.oneof(
      fc.integer({ min: 0x61, max: 0x7a }),
      fc.constantFrom(0x2d, 0x30, 0x39, 0xdf, 0xe4, 0x3b1, 0x3c2, 0x4e2d, 0x3042, 0x30a2),
      fc.constantFrom(0x5d0, 0x5d1, 0x627, 0x628, 0x64b, 0x6f1, 0x661, 0x710, 0x712),
      fc.constantFrom(0x915, 0x94d, 0x200c, 0x200d, 0x937, 0x301, 0x6cc),
    );
    const label = fc
      .array(letters, { minLength: 1, maxLength: 5 })
      .map((codePoints) => String.fromCodePoint(...codePoints).normalize("NFC"));
    const names = fc
      .array(label, { minLength: 1, maxLength: 2 })
      .map((labels) => labels.join("."))
      // The contexts of digits are IDNA2008's alone; the platform follows UTS 46.
      .filter((name) => !(/[\u0660-\u0669]/.test(name) && /[\u06f0-\u06f9]/.test(name)))
      // The platform reads a name that ends in a number as an address of one to four numbers.
      .filter((name) => !/(?:^|\.)xn--/.test(name) && !/(?:^|\.)\d+$/.test(name));
    const check = FORMATS.get("hostname")!;
    const oracle = (name: string): boolean => {
      const ascii = domainToASCII(name);
      // Its ASCII form may be longer than a label, and hyphens are not asked about by the platform.
      const misplaced = name.split(".").some((one) => /^-|-$|^..--/u.test(one) && /[^\0-\x7f]/.test(name));
      return ascii !== "" && !misplaced && check(ascii);
    };
    expect(agree("idn-hostname", names, oracle)).toBeGreaterThan(0.2);
  });
});
