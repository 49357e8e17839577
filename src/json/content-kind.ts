/* oxlint-disable no-control-regex -- bytes are what is looked for here */
/**
 * The content of a file, recognised by its first bytes and never by its name. `skip` is the length of a byte order
 * mark. For foreign content, `what` continues the sentence "it is ..." and `remedy` says how to convert it; FILE stands
 * for the file's name.
 */
export type ContentKind =
  | { readonly kind: "text"; readonly skip: 0 | 3 }
  | { readonly kind: "packed"; readonly format: PackedFormat }
  | { readonly kind: "foreign"; readonly what: string; readonly remedy: string };

export type PackedFormat = "gzip" | "zstd";

/** The number of first bytes that is enough to recognise every kind. */
export const HEAD_BYTES = 512;

/** Bytes at an offset, written as Latin-1; `.` stands for any byte. */
type Magic = readonly [offset: number, bytes: string, what: string, remedy: string];

const UNZIP = "take the file with the records out of it: unzip -p FILE | sigma ingest -";
/** Remedy for a file that holds records in another format. */
export const EXPORT = "export its rows as lines of JSON, one record each";

const MAGIC: readonly Magic[] = [
  [0, "PK\x03\x04", "a ZIP archive", UNZIP],
  [0, "PK\x05\x06", "an empty ZIP archive", UNZIP],
  [0, "PK\x07\x08", "a part of a ZIP archive", UNZIP],
  [
    0,
    "7z\xbc\xaf\x27\x1c",
    "a 7-Zip archive",
    "take the file with the records out of it: 7z x -so FILE | sigma ingest -",
  ],
  [0, "Rar!\x1a\x07", "a RAR archive", "take the file with the records out of it"],
  [257, "ustar", "a tar archive", "take the files with the records out of it: tar -xOf FILE | sigma ingest -"],
  [0, "BZh.1AY&SY", "bzip2 data", "unpack it: bunzip2 -c FILE | sigma ingest -"],
  [0, "\xfd7zXZ\x00", "xz data", "unpack it: xz -dc FILE | sigma ingest -"],
  [0, "\x04\x22\x4d\x18", "LZ4 data", "unpack it: lz4 -dc FILE | sigma ingest -"],
  [0, "\xff\x06\x00\x00sNaPpY", "Snappy data", "unpack it first"],
  [0, "\x1f\x9d", "data of compress (.Z)", "unpack it: gzip -dc FILE | sigma ingest -"],
  [0, "\x78\x01", "zlib data", "unpack it first, or pack it with gzip"],
  [0, "\x78\x5e", "zlib data", "unpack it first, or pack it with gzip"],
  [0, "\x78\x9c", "zlib data", "unpack it first, or pack it with gzip"],
  [0, "\x78\xda", "zlib data", "unpack it first, or pack it with gzip"],
  [0, "PAR1", "a Parquet file", EXPORT],
  [0, "Obj\x01", "an Avro file", EXPORT],
  [0, "ORC", "an ORC file", EXPORT],
  [0, "ARROW1\x00\x00", "an Arrow file", EXPORT],
  [0, "SEQ\x06", "a Hadoop sequence file", EXPORT],
  [0, "\x89HDF\r\n\x1a\n", "an HDF5 file", EXPORT],
  [0, "SQLite format 3\x00", "an SQLite database", EXPORT],
  [0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document of the old kind (.xls, .doc)", EXPORT],
  [0, "%PDF-", "a PDF document", EXPORT],
  [0, "\x89PNG\r\n\x1a\n", "a PNG image", EXPORT],
  [0, "\xff\xd8\xff", "a JPEG image", EXPORT],
  [0, "\x7fELF", "a program", "name the file with the records"],
  [
    0,
    "\x1e",
    "a JSON text sequence (RFC 7464)",
    String.raw`take its separators out: tr -d '\036' < FILE | sigma ingest -`,
  ],
];

/** Beginnings of texts that are not JSON. */
const LANGUAGES: readonly (readonly [begins: RegExp, what: string])[] = [
  [/^\s*<\?xml\b/, "an XML document"],
  [/^\s*<(?:!doctype\s+html|html)\b/i, "an HTML page"],
  [/^(?:%YAML\b|---[ \t]*\r?\n)/, "a YAML document"],
];

/** Recognises the content of a file or pipe. @param head its first {@link HEAD_BYTES}, or all of it. */
export function recogniseContent(head: Uint8Array): ContentKind {
  const text = latin1Of(head);
  if (text.startsWith("\x1f\x8b")) return { kind: "packed", format: "gzip" };
  // A frame, or the skippable frame that parallel compressors write first (RFC 8878).
  if (/^(?:\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)/.test(text)) return { kind: "packed", format: "zstd" };
  const encoding = encodingOf(text);
  if (encoding !== null) {
    return { kind: "foreign", what: `in ${encoding}`, remedy: `save it as UTF-8: iconv -f ${encoding} -t UTF-8 FILE` };
  }
  for (const [offset, bytes, what, remedy] of MAGIC) {
    if (!startsWith(text, offset, bytes)) continue;
    const workbook = bytes.startsWith("PK") && /\[Content_Types\]\.xml|xl\//.test(text);
    return { kind: "foreign", what: workbook ? "an Excel workbook (.xlsx) or another Office document" : what, remedy };
  }
  const skip = text.startsWith("\xef\xbb\xbf") ? 3 : 0;
  if (isBinary(text)) return { kind: "foreign", what: "binary data of a kind that is not known", remedy: EXPORT };
  return { kind: "text", skip };
}

/** Recognises text that is clearly not JSON: returns words that continue the sentence "it is ..."; null otherwise. */
export function recogniseLanguage(head: Uint8Array): string | null {
  const text = latin1Of(head);
  return LANGUAGES.find(([begins]) => begins.test(text))?.[1] ?? null;
}

/** Whether more bytes could change the result of {@link recogniseContent} for so short a head. */
export function needsMoreHead(head: Uint8Array): boolean {
  // A slow pipe that has delivered a line is recognised by it, without waiting for more.
  return head.length < 4 || (head.length < 16 && !head.includes(0x0a));
}

function latin1Of(head: Uint8Array): string {
  return Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, HEAD_BYTES)).toString("latin1");
}

function startsWith(text: string, offset: number, bytes: string): boolean {
  if (text.length < offset + bytes.length) return false;
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] !== "." && bytes[at] !== text[offset + at]) return false;
  }
  return true;
}

/**
 * The encoding of a text that is not UTF-8, by its byte order mark or by the NUL bytes in its first two characters,
 * which are ASCII in a JSON text (RFC 4627, section 3). Named as by `iconv`.
 */
function encodingOf(text: string): string | null {
  // UTF-32 is tested first: its little-endian byte order mark begins like that of UTF-16.
  if (/^(?:\xff\xfe\x00\x00|(?:[\t\n\r\x20-\x7e]\x00{3}){2})/.test(text)) return "UTF-32LE";
  if (/^(?:\x00\x00\xfe\xff|(?:\x00{3}[\t\n\r\x20-\x7e]){2})/.test(text)) return "UTF-32BE";
  if (/^(?:\xff\xfe|(?:[\t\n\r\x20-\x7e]\x00){2})/.test(text)) return "UTF-16LE";
  if (/^(?:\xfe\xff|(?:\x00[\t\n\r\x20-\x7e]){2})/.test(text)) return "UTF-16BE";
  return null;
}

/**
 * Whether the content is binary. The limit leaves room for a damaged record with some NUL bytes, and for a schema id
 * prefix with up to five.
 */
function isBinary(text: string): boolean {
  const nul = text.split("\x00").length - 1;
  return nul >= 16 && nul * 10 > text.length;
}
