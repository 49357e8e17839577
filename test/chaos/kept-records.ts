import { hash } from "node:crypto";
import { zstdDecompressSync } from "node:zlib";

/**
 * The records in the evidence of an entry, as docs/evidence.md describes the bytes, with none of the gateway's code.
 * @returns SHA-256 of each value, hex, "-" for none, by offset.
 */
export function keptRecords(packed: Uint8Array): ReadonlyMap<bigint, string> {
  const raw = Buffer.from(packed);
  const bytes = raw.toString("latin1", 0, 4) === "SIGE" ? raw : zstdDecompressSync(raw);
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error("evidence is cut short");
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = take(1).readUInt8(0);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const text = (): string => take(Number(number())).toString("utf8");
  if (take(5).toString("latin1") !== "SIGE\u0001") throw new Error("no evidence of format 1");
  text();
  number();
  let offset = number();
  const found = new Map<bigint, string>();
  while (at < bytes.length) {
    offset += number();
    // The time, which nobody compares.
    number();
    const value = Number(number()) - 1;
    const key = Number(number()) - 1;
    for (let headers = Number(number()); headers > 0; headers -= 1) {
      text();
      take(Number(number()));
    }
    found.set(offset, value < 0 ? "-" : hash("sha256", take(value)));
    if (key > 0) take(key);
    offset += 1n;
  }
  return found;
}
