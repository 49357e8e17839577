import { useState } from "preact/hooks";
import { apiKey } from "../api/key.ts";

const SHOWN_MS = 1_500;

/** Copies a text, and says so. */
export function Copy({ text, children }: { readonly text: string; readonly children: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_MS);
  };
  return (
    <button type="button" class="quiet" title={text} onClick={() => void copy()}>
      <span aria-live="polite">{isCopied ? "Copied" : children}</span>
    </button>
  );
}

/** The same view as a command, as a request, and as a link. */
export function CopyAs({
  cli,
  path,
  body,
}: {
  readonly cli: string | null;
  readonly path: string;
  /** What is sent; a text is sent as it is. Absent: nothing is, and the request only asks. */
  readonly body?: object | string;
}) {
  return (
    <div class="copy-as" role="group" aria-label="Copy this view">
      {cli !== null && <Copy text={cli}>Copy as CLI</Copy>}
      <Copy text={curlOf(path, body)}>Copy as cURL</Copy>
      <Copy text={location.href}>Copy link</Copy>
    </div>
  );
}

/** The request of a page as a command. A key is never part of it: whoever runs it has it in a variable. */
function curlOf(path: string, body: object | string | undefined): string {
  const key = apiKey.value === "" ? [] : ['-H "authorization: Bearer $SIGMA_API_KEY"'];
  const text = typeof body === "object" ? JSON.stringify(body) : body;
  const sent = text === undefined ? [] : ["-H 'content-type: application/json'", `--data-binary ${quoted(text)}`];
  return ["curl -s", ...key, ...sent, quoted(new URL(path, location.origin).href)].join(" ");
}

/** A word of a shell command: quoted so that no shell reads anything in it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
