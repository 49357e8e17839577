/**
 * A deliberate protocol bug: one edit of production code (or of the store's promises) that the simulation must catch.
 * The edit is made on the source text at load time, so a mutant always breaks the code that ships; one whose text is no
 * longer there fails loudly.
 */
export type Mutant = {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Whether it is looked for in storms, because it takes failovers at two moments of one batch. */
  readonly storms?: true;
  /** Where the search begins: at the history that caught it, where those before it take long. Later ones catch it too. */
  readonly seed?: number;
};
