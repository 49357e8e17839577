import type { Distribution, Family, Sample } from "./family.ts";
import { isHistogram } from "./text.ts";

/** The metrics of one of several processes. */
export type Worked = { readonly worker: string; readonly families: readonly Family[] };

const WORKER = "worker";

/**
 * The metrics of several processes on one page: each series has the label `worker`, and each metric stands once. A process that began anew
 * begins with new counts under the same labels, which collectors know as a reset.
 */
export function byWorker(all: readonly Worked[]): readonly Family[] {
  const names = [...new Set(all.flatMap(({ families }) => families.map(({ of }) => of.name)))];
  return names.flatMap((name) => {
    const found = all.flatMap(({ worker, families }) =>
      families.filter(({ of }) => of.name === name).map((family) => ({ worker, family })),
    );
    return joined(found) ?? [];
  });
}

function joined(found: readonly { readonly worker: string; readonly family: Family }[]): Family | null {
  const [first] = found;
  if (first === undefined) return null;
  // A process may have seen other labels of a metric of its runtime than another one.
  const own = [...new Set(found.flatMap(({ family }) => family.of.labels))];
  const labels = [WORKER, ...own];
  const placed = <One extends Sample | Distribution>(worker: string, family: Family, one: One): One => {
    const values = new Map(family.of.labels.map((label, index) => [label, one.labels[index] ?? ""]));
    return { ...one, labels: [worker, ...own.map((label) => values.get(label) ?? "")] };
  };
  if (isHistogram(first.family)) {
    const samples = found.flatMap(({ worker, family }) =>
      isHistogram(family) ? family.samples.map((one) => placed(worker, family, one)) : [],
    );
    return { of: { ...first.family.of, labels }, samples };
  }
  const samples = found.flatMap(({ worker, family }) =>
    isHistogram(family) ? [] : family.samples.map((one) => placed(worker, family, one)),
  );
  return { of: { ...first.family.of, labels }, samples };
}
