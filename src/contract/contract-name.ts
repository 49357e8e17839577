/** `shipment` or `shipment@2`. */
export type ContractName = { readonly subject: string; readonly version: number | null };

/** Reads `shipment` (version null) or `shipment@2`; null when the text is neither. */
export function parseContractName(text: string): ContractName | null {
  const match = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,248})(?:@([1-9][0-9]{0,8}))?$/.exec(text);
  const [, subject, version] = match ?? [];
  if (subject === undefined) return null;
  return { subject, version: version === undefined ? null : Number(version) };
}
