import { useState } from "preact/hooks";

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
export function CopyAs({ cli, path }: { readonly cli: string | null; readonly path: string }) {
  return (
    <div class="copy-as" role="group" aria-label="Copy this view">
      {cli !== null && <Copy text={cli}>Copy as CLI</Copy>}
      <Copy text={`curl -s ${quoted(new URL(path, location.origin).href)}`}>Copy as cURL</Copy>
      <Copy text={location.href}>Copy link</Copy>
    </div>
  );
}

/** A word of a shell command: quoted so that no shell reads anything in it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
