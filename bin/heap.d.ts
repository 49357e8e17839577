export declare function flagsFor(version: string): {
  readonly heap: readonly string[];
  readonly young: readonly string[];
};
export declare const HEAP_FLAGS: readonly string[];
export declare const YOUNG_FLAGS: readonly string[];
