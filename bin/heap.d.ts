export declare const HEAP_FLAGS: readonly string[];
export declare const YOUNG_FLAGS: readonly string[];
