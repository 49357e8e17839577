/** Node 24 has JSON.rawJSON; TypeScript's declarations end at ECMAScript 2024. */
const { rawJSON } = JSON as typeof JSON & { readonly rawJSON: (text: string) => object };

/** As `JSON.stringify`, with every bigint written as its decimal digits. */
export function toJsonText(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, null, indent);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Bigints are rare, and a replacer takes several times as long.
    return JSON.stringify(
      value,
      (_key, part: unknown) => (typeof part === "bigint" ? rawJSON(String(part)) : part),
      indent,
    );
  }
}
