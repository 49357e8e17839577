/** A page of the text formats by series: `name{labels}` and its value. */
export function readPage(page: string): ReadonlyMap<string, number> {
  const lines = page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const [, series = "", value = ""] = /^(\S+?(?:\{.*?\})?) (\S+)(?: # .*)?$/.exec(line) ?? [];
      if (series === "") throw new Error(`Cannot read ${line}`);
      return [series, Number(value.replace("+Inf", "Infinity"))];
    }),
  );
}
