/** Two patterns that bound the set of texts of a format from outside and from inside. */
type FormatLanguage = {
  /** Every text of the format matches. */
  readonly within?: string;
  /** Every text that matches is of the format. */
  readonly surely?: string;
  /** Code points of the longest text. */
  readonly most?: number;
};

const DIGITS_29 = "0[1-9]|1\\d|2[0-8]";
/** A day of the proleptic Gregorian calendar, 0000 to 9999. */
const DATE =
  `(?:\\d{4}-(?:(?:0[1-9]|1[0-2])-(?:${DIGITS_29})|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)` +
  "|(?:\\d{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)";
const OFFSET = "(?:[Zz]|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)";
const MINUTES = "(?:[01]\\d|2[0-3]):[0-5]\\d";
/** A time without leap second: whether a second 60 is valid depends on the offset. */
const TIME = `${MINUTES}:[0-5]\\d(?:\\.\\d+)?${OFFSET}`;
const TIME_OR_LEAP = `${MINUTES}:(?:[0-5]\\d|60)(?:\\.\\d+)?${OFFSET}`;
const DAYS = "(?:\\d+[Yy](?:\\d+[Mm](?:\\d+[Dd])?)?|\\d+[Mm](?:\\d+[Dd])?|\\d+[Dd])";
const HOURS = "(?:\\d+[Hh](?:\\d+[Mm](?:\\d+[Ss])?)?|\\d+[Mm](?:\\d+[Ss])?|\\d+[Ss])";
const DURATION = `^[Pp](?:\\d+[Ww]|${DAYS}(?:[Tt]${HOURS})?|[Tt]${HOURS})$`;
const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = `^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}$`;
const UUID = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$";
const POINTER = "(?:/(?:[^~]|~[01])*)?";
const WHOLE = "(?:0|[1-9]\\d*)";
const RELATIVE = `^${WHOLE}(?:[+-]${WHOLE})?(?:#|${POINTER})$`;
/** Paths of plain characters. */
const PLAIN_PATH = "^[A-Za-z0-9._~/-]*$";

/** Patterns for each format. `FORMATS` decides whether a text is of a format; tests compare both bounds with it. */
export const FORMAT_LANGUAGES: Readonly<Record<string, FormatLanguage>> = {
  date: { within: `^${DATE}$`, surely: `^${DATE}$`, most: 10 },
  time: { within: `^${TIME_OR_LEAP}$`, surely: `^${TIME}$` },
  "date-time": { within: `^${DATE}[Tt]${TIME_OR_LEAP}$`, surely: `^${DATE}[Tt]${TIME}$` },
  duration: { within: DURATION, surely: DURATION },
  email: { within: "^[ -~]+@[!-~]+$", most: 254 },
  "idn-email": { within: "^[^]+@[^]+$", most: 254 },
  hostname: { within: "^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$", most: 253 },
  "idn-hostname": { within: "^[^]+$" },
  ipv4: { within: IPV4, surely: IPV4, most: 15 },
  ipv6: { within: "^[0-9A-Fa-f:.]{2,45}$", most: 45 },
  uri: { within: "^[A-Za-z][A-Za-z0-9+.-]*:[!-~]*$" },
  "uri-reference": { within: "^[!-~]*$", surely: PLAIN_PATH },
  iri: { within: "^[A-Za-z][A-Za-z0-9+.-]*:[^]*$" },
  "iri-reference": { surely: PLAIN_PATH },
  uuid: { within: UUID, surely: UUID, most: 36 },
  "json-pointer": { within: `^${POINTER}$`, surely: `^${POINTER}$` },
  "relative-json-pointer": { within: RELATIVE, surely: RELATIVE },
};

/** For each format the formats that contain all its texts. `email` is not within `idn-email`: that format checks `xn--` labels. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  uri: ["uri-reference", "iri", "iri-reference"],
  iri: ["iri-reference"],
  "uri-reference": ["iri-reference"],
  hostname: ["idn-hostname"],
};

/** Whether every text of the first format is a text of the second. */
export function isFormatWithin(one: string, other: string): boolean {
  return one === other || (WIDER[one] ?? []).includes(other);
}

/** Texts to try for each format: usual ones, extreme ones, and near misses. */
export const FORMAT_SAMPLES: Readonly<Record<string, readonly string[]>> = {
  date: ["2024-02-29", "2023-10-01", "0000-12-31", "2023-02-29", "2023-1-1", "2023-10-01T10:00:00Z"],
  time: ["10:00:00Z", "23:59:60Z", "10:00:00.5+01:00", "10:00:00", "24:00:00Z", "10:00Z"],
  "date-time": [
    "2023-10-01T10:00:00Z",
    "1998-12-31T23:59:60Z",
    "2023-10-01t10:00:00.123+02:00",
    "2023-10-01T10:00:00",
    "2023-10-01 10:00:00Z",
    "2023-02-30T10:00:00Z",
  ],
  duration: ["P1D", "PT1H", "P1Y2M3DT4H5M6S", "P1W", "P", "PT", "1D"],
  email: [
    "a@b.c",
    "user.name@example.com",
    '"a b"@example.com',
    "a@xn--0.example",
    "a@[192.0.2.1]",
    "foo",
    "a@b@c",
    "a@",
  ],
  "idn-email": ["a@b.c", "ü@example.com", "a@bücher.example", "foo", "a@"],
  hostname: ["example.com", "localhost", "a-b.c", "-a.example", "a_b", "1.2.3.4", "a."],
  "idn-hostname": ["example.com", "bücher.example", "-a.example", "a_b"],
  ipv4: ["192.0.2.1", "0.0.0.0", "255.255.255.255", "256.0.0.1", "1.2.3", "01.2.3.4"],
  ipv6: ["::1", "2001:db8::1", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8", "12345::", "1.2.3.4"],
  uri: ["https://example.com/a?b#c", "urn:a:b", "a:", "/a", "https://example.com/ü", "a b"],
  "uri-reference": ["/a", "a", "", "https://example.com/", "?b", "a b", "ü", "a:b"],
  iri: ["https://example.com/ü", "urn:a:b", "/ü", "a b"],
  "iri-reference": ["ü", "/a", "", "https://example.com/ü", "a b"],
  "uri-template": ["/a/{b}", "{+a}", "a", "", "{", "'"],
  uuid: [
    "123e4567-e89b-12d3-a456-426614174000",
    "00000000-0000-0000-0000-000000000000",
    "123e4567e89b12d3a456426614174000",
  ],
  "json-pointer": ["", "/a", "/a~0b", "a", "/~2"],
  "relative-json-pointer": ["0", "1/a", "0#", "0+1/a", "/a", "01"],
  regex: ["^a$", "", "[", "(", "\\p{L}"],
};
