import type { ComponentChildren } from "preact";

export type MarkKind = "pass" | "fail" | "warn" | "info" | "muted";

/** A glyph beside the word: a state is never told by its colour alone. */
const GLYPHS: Readonly<Record<MarkKind, string>> = { pass: "✓", fail: "✗", warn: "!", info: "●", muted: "·" };

export function Mark({ kind, children }: { readonly kind: MarkKind; readonly children: ComponentChildren }) {
  return (
    <span class={`mark ${kind}`}>
      <span aria-hidden="true">{GLYPHS[kind]}</span> {children}
    </span>
  );
}
