export declare const HEAP_FLAG: string;
export declare const YOUNG_FLAGS: readonly string[];
