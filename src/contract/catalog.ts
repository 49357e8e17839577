import type { LoadedContract } from "./files.ts";

/** What a version promises beside what it decides: days (YYYY-MM-DD), or null. */
export type VersionAbout = { readonly deprecated: string | null; readonly sunset: string | null };

/** What is said about a contract and decides nothing. */
export type ContractAbout = {
  readonly owner: string;
  readonly description: string;
  readonly versions: ReadonlyMap<number, VersionAbout>;
};

/** By subject. Plain data: it may cross to another thread. */
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
