/** What objectives can be written as. */
export const EXPORT_FORMATS: readonly string[] = ["openslo", "prometheus"];

export type ExportOptions = { readonly format: string; readonly runbooks: string; readonly scale: number };
