import { options } from "preact";

/** Makes controls visible, and those characters that turn the direction of text. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, (one) =>
    one === "\n" || one === "\t" ? one : `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Makes every text of the page {@link visible}: names of fields, of producers and keys come from records as their values do, and one mark
 * turns all that stands behind it. What is copied, sent or typed stays as it is.
 */
export function showUnseen(): void {
  options.vnode = (node) => {
    // Preact makes a node without a type of each text; its text is in place of the properties.
    const text = node as unknown as { readonly type: unknown; props: unknown };
    if (text.type === null && typeof text.props === "string") text.props = visible(text.props);
  };
}
