import { useState } from "preact/hooks";
import { visible } from "./visible.ts";

/** A range of bytes that something is said of: the first byte, and the byte after the last. */
export type MarkedRange = { readonly from: number; readonly to: number; readonly number: number };

/** More is not shown, but can be downloaded: a browser that draws megabytes of marks freezes. */
const SHOWN_MAX = 65_536;
const HEX_ROW = 16;

/** The exact bytes of a record as text or in hex. Marks are outlined and numbered. */
export function Bytes({ bytes, marks }: { readonly bytes: Uint8Array; readonly marks: readonly MarkedRange[] }) {
  const isText = textOf(bytes.subarray(0, SHOWN_MAX)) !== null;
  const [form, setForm] = useState<"text" | "hex">(isText ? "text" : "hex");
  const shown = bytes.subarray(0, SHOWN_MAX);
  return (
    <section aria-label="Raw bytes">
      <div class="tabs" role="group" aria-label="How bytes are shown">
        {(["text", "hex"] as const).map((one) => (
          <button
            type="button"
            class="quiet"
            aria-pressed={form === one}
            disabled={one === "text" && !isText}
            onClick={() => setForm(one)}
          >
            {one}
          </button>
        ))}
        <button type="button" class="quiet" onClick={() => download(bytes)}>
          Download {bytes.length} bytes
        </button>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Bytes">
        {form === "text" ? <pre class="raw">{pieces(shown, marks)}</pre> : <pre class="raw">{hexText(shown)}</pre>}
      </div>
      {bytes.length > SHOWN_MAX && <p>The first {SHOWN_MAX} bytes; download them for the rest.</p>}
    </section>
  );
}

/** Gives the bytes as a file. They are here already, so no key goes into an address. */
function download(bytes: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: "application/octet-stream" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: "record.bin" });
  link.click();
  URL.revokeObjectURL(url);
}

function pieces(bytes: Uint8Array, marks: readonly MarkedRange[]) {
  const decoder = new TextDecoder("utf-8");
  const said = (from: number, to: number): string => visible(decoder.decode(bytes.subarray(from, to)));
  const parts = [];
  let at = 0;
  for (const { from, to, number } of marks.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    // A mark inside another one is named in the list of errors only.
    if (from < at || from >= bytes.length) continue;
    parts.push(said(at, from));
    parts.push(
      <mark id={`mark-${number}`} tabIndex={-1}>
        <sup>{number}</sup>
        {from === to ? "▯" : said(from, to)}
      </mark>,
    );
    at = to;
  }
  parts.push(said(at, bytes.length));
  return parts;
}

/** The text of strict UTF-8; null when the bytes are none. */
function textOf(bytes: Uint8Array): string | null {
  try {
    // A cut may lie within a character.
    return new TextDecoder("utf-8", { fatal: bytes.length < SHOWN_MAX }).decode(bytes);
  } catch {
    return null;
  }
}

function hexText(bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += HEX_ROW) {
    const row = [...bytes.subarray(at, at + HEX_ROW)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    rows.push(`${at.toString(16).padStart(8, "0")}  ${hex.padEnd(HEX_ROW * 3 - 1)}  ${text}`);
  }
  return rows.join("\n");
}
