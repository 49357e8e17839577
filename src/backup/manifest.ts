import { isObject } from "../json/json.ts";
/** The content of a backup: `manifest.json` beside its files. It is written last, so a folder without it is not a backup. */
export type Manifest = {
  readonly kind: "sigma-backup";
  readonly format: 1;
  /** Version of the program that made it. */
  readonly program: string;
  /** When the copy of the first file began, ISO 8601. Records acknowledged later may be missing. */
  readonly madeAt: string;
  readonly files: readonly BackupFile[];
  /** Every stream of the log; empty when the backup has no log. Offsets are decimal strings. */
  readonly streams: readonly BackupStream[];
};

export type BackupFile = { readonly name: FileName; readonly bytes: number; readonly sha256: string };

export type BackupStream = {
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  readonly settledTo: string;
  readonly logEnd: string;
};

/** The files in the order of copying: the store first, since the log must contain every record that the store has decided. */
export const FILE_NAMES = ["store.db", "log.db"] as const;
export type FileName = (typeof FILE_NAMES)[number];

export const MANIFEST = "manifest.json";

/** Reads a manifest; returns a sentence about its fault when it has one. */
export function parseManifest(text: string): Manifest | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "it is not JSON";
  }
  if (!isObject(value) || value["kind"] !== "sigma-backup") return "it is not of a backup of this program";
  if (value["format"] !== 1) return "a newer program wrote it";
  const { files, streams, program, madeAt } = value;
  if (typeof program !== "string" || typeof madeAt !== "string") return "it does not say who made it, and when";
  if (!Array.isArray(files) || files.length === 0 || !files.every(isFile)) return "its files are not named";
  if (!Array.isArray(streams) || !streams.every(isStream)) return "its streams are not named";
  return { kind: "sigma-backup", format: 1, program, madeAt, files, streams };
}

function isFile(value: unknown): value is BackupFile {
  if (!isObject(value)) return false;
  const { name, bytes, sha256 } = value;
  const known: readonly unknown[] = FILE_NAMES;
  return (
    known.includes(name) && Number.isSafeInteger(bytes) && typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256)
  );
}

function isStream(value: unknown): value is BackupStream {
  if (!isObject(value)) return false;
  const { stream, topic, partition, settledTo, logEnd } = value;
  return (
    typeof stream === "string" &&
    typeof topic === "string" &&
    Number.isSafeInteger(partition) &&
    [settledTo, logEnd].every((offset) => typeof offset === "string" && /^\d{1,19}$/.test(offset))
  );
}
