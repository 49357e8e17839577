/** Quotes a text as one word for a POSIX shell, whatever it contains: blanks, quotes, `$`, line feeds. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Quotes a file name as an argument. A name that begins with a dash gets "./" in front, so that it is not taken for an
 * option; `-` alone means standard input.
 */
export function fileWord(name: string): string {
  return shellWord(name.length > 1 && name.startsWith("-") ? `./${name}` : name);
}
