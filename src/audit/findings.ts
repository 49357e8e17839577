import type { Finding, FindingCode } from "./finding.ts";

/** What an audit has found so far. */
export type Findings = {
  readonly add: (finding: Finding) => void;
  readonly found: (
    code: FindingCode,
    stream: string | null,
    seq: number | null,
    offset: bigint | null,
    message: string,
  ) => void;
  /** The store is, as a whole; said once. */
  readonly damaged: (message: string) => void;
  readonly all: () => { readonly findings: readonly Finding[]; readonly findingsTotal: number };
};

/** @param max findings that are kept; the others are counted. */
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
    damaged: (message) => {
      if (findings.every(({ code }) => code !== "STORE_DAMAGED"))
        add({ code: "STORE_DAMAGED", stream: null, seq: null, offset: null, message });
    },
    all: () => ({ findings, findingsTotal }),
  };
}
