/** One word of a command line as a POSIX shell takes it, whatever is in it: blanks, quotes, `$`, line feeds. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A file as an argument: one whose name begins with a dash is no option. `-` alone is standard input. */
export function fileWord(name: string): string {
  return shellWord(name.length > 1 && name.startsWith("-") ? `./${name}` : name);
}
