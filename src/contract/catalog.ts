import type { LoadedContract } from "./files.ts";

/**
 * The days (YYYY-MM-DD) on which a version is deprecated and ends; null when contract.yaml does not name one. No decision
 * depends on them.
 */
export type VersionAbout = { readonly deprecated: string | null; readonly sunset: string | null };

/** Texts and days of a contract that no decision depends on. */
export type ContractAbout = {
  readonly owner: string;
  readonly description: string;
  readonly versions: ReadonlyMap<number, VersionAbout>;
};

/** The contracts by subject. This is plain data, so that it can be sent to another thread. */
export type ContractCatalog = ReadonlyMap<string, ContractAbout>;

export function catalogOf(contracts: readonly LoadedContract[]): ContractCatalog {
  return new Map(
    contracts.map(({ subject, owner, description, versions }) => [
      subject,
      {
        owner,
        description,
        versions: new Map(versions.map(({ version, deprecated, sunset }) => [version, { deprecated, sunset }])),
      },
    ]),
  );
}
