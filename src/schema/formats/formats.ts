export type FormatCheck = (text: string) => boolean;
export const FORMATS: ReadonlyMap<string, FormatCheck> = new Map();
