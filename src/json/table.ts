const SEPARATORS: readonly string[] = [",", ";", "\t", "|"];

/** Whether a line may be the header of a table: at least two different names with one kind of separator. */
export function mayBeHeader(line: string): boolean {
  return separatorOf(line) !== null;
}

/**
 * The separator of a table (RFC 4180 and similar): the header must have as many cells as the next line; null for other
 * text.
 */
export function tableSeparator(lines: readonly string[]): string | null {
  const [header = "", ...others] = lines;
  const separator = separatorOf(header);
  const row = others.find((line) => line.trim() !== "");
  if (separator === null || row === undefined) return null;
  return cellsOf(row, separator).length === cellsOf(header, separator).length ? separator : null;
}

function separatorOf(line: string): string | null {
  return SEPARATORS.find((separator) => isHeader(cellsOf(line, separator))) ?? null;
}

function isHeader(names: readonly string[]): boolean {
  if (names.length < 2 || new Set(names).size !== names.length) return false;
  return names.every((name) => /^[^\d\s{}[\]":][^{}[\]":]*$/.test(name));
}

/** Splits a line into cells without quotes; a separator inside quotes belongs to its cell. */
function cellsOf(line: string, separator: string): readonly string[] {
  const cells: string[] = [];
  let cell = "";
  let quoted = false;
  for (const symbol of line.replace(/\r$/, "")) {
    if (symbol === '"') quoted = !quoted;
    else if (symbol === separator && !quoted) {
      cells.push(cell.trim());
      cell = "";
    } else cell += symbol;
  }
  return [...cells, cell.trim()];
}
