import type { Finding, FindingCode } from "./finding.ts";

/** The findings of an audit. */
export type Findings = {
  readonly add: (finding: Finding) => void;
  readonly found: (
    code: FindingCode,
    stream: string | null,
    seq: number | null,
    offset: bigint | null,
    message: string,
  ) => void;
  /** Adds STORE_DAMAGED for each of these faults, before all other findings: a damaged file explains them. */
  readonly damagedFirst: (faults: readonly string[]) => void;
  /** Adds STORE_DAMAGED for the whole store, once. */
  readonly damaged: (message: string) => void;
  readonly all: () => { readonly findings: readonly Finding[]; readonly findingsTotal: number };
};

/** @param max most findings that are kept; further ones are only counted. */
export function newFindings(max: number): Findings {
  const findings: Finding[] = [];
  let findingsTotal = 0;
  const add = (finding: Finding): void => {
    findingsTotal += 1;
    if (findings.length < max) findings.push(finding);
  };
  return {
    add,
    found: (code, stream, seq, offset, message) => add({ code, stream, seq, offset, message }),
    damagedFirst: (faults) => {
      findingsTotal += faults.length;
      findings.unshift(...faults.map(damage));
      findings.length = Math.min(findings.length, max);
    },
    damaged: (message) => {
      if (findings.every(({ code }) => code !== "STORE_DAMAGED")) add(damage(message));
    },
    all: () => ({ findings, findingsTotal }),
  };
}

function damage(message: string): Finding {
  return { code: "STORE_DAMAGED", stream: null, seq: null, offset: null, message };
}
