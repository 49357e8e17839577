import type { Definition, Distribution, Exemplar, Family, Sample } from "./family.ts";

/** The text formats of Prometheus: 0.0.4, which every collector reads, and OpenMetrics 1.0, which has exemplars. */
export type TextFormat = "text" | "openmetrics";

/** Writes families in a text format. */
export function textPage(families: readonly Family[], format: TextFormat): string {
  const lines: string[] = [];
  for (const family of families) {
    const { name, type, help } = family.of;
    // OpenMetrics names a counter without its ending.
    const named = format === "openmetrics" && type === "counter" ? name.replace(/_total$/, "") : name;
    lines.push(`# HELP ${named} ${escapeHelp(help, format)}\n# TYPE ${named} ${type}\n`);
    if (isHistogram(family)) for (const one of family.samples) writeDistribution(lines, family.of, one, format);
    else for (const one of family.samples) writeSample(lines, family.of, one, format);
  }
  if (format === "openmetrics") lines.push("# EOF\n");
  return lines.join("");
}

export function isHistogram(family: Family): family is Extract<Family, { readonly samples: readonly Distribution[] }> {
  return family.of.type === "histogram";
}

function writeSample(lines: string[], of: Definition, { labels, value, exemplar }: Sample, format: TextFormat): void {
  const labelled = labelText(of.labels, labels);
  const braces = labelled === "" ? "" : `{${labelled}}`;
  // OpenMetrics has exemplars of counters and buckets only.
  const shown = format === "openmetrics" && of.type === "counter" ? exemplarText(exemplar) : "";
  lines.push(`${of.name}${braces} ${numberText(value)}${shown}\n`);
}

function writeDistribution(lines: string[], of: Definition, one: Distribution, format: TextFormat): void {
  const labels = labelText(of.labels, one.labels);
  const before = labels === "" ? "" : `${labels},`;
  const braces = labels === "" ? "" : `{${labels}}`;
  let sum = 0;
  for (const [place, count] of one.counts.entries()) {
    sum += count;
    const bound = of.bounds?.[place];
    const le = bound === undefined ? "+Inf" : boundText(bound);
    const shown = format === "openmetrics" ? exemplarText(one.exemplars[place]) : "";
    lines.push(`${of.name}_bucket{${before}le="${le}"} ${sum}${shown}\n`);
  }
  lines.push(`${of.name}_sum${braces} ${numberText(one.sum)}\n${of.name}_count${braces} ${one.count}\n`);
}

function exemplarText(exemplar: Exemplar | null | undefined): string {
  if (exemplar === null || exemplar === undefined) return "";
  return ` # {trace_id="${exemplar.traceId}"} ${numberText(exemplar.value)} ${exemplar.atMs / 1_000}`;
}

function labelText(names: readonly string[], values: readonly string[]): string {
  return names.map((name, index) => `${name}="${escapeLabel(values[index] ?? "")}"`).join(",");
}

/**
 * A bound with a decimal point in every format: 2.x stores what a text says, 3.x and the binary format make `1.0` of `1`, and a series
 * must not change its name with either.
 */
function boundText(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}

function escapeLabel(value: string): string {
  return /["\\\n]/.test(value) ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n") : value;
}

function escapeHelp(help: string, format: TextFormat): string {
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return format === "openmetrics" ? escaped.replaceAll('"', '\\"') : escaped;
}
