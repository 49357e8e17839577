/** The name of a contract version, such as `shipment@1`. */
export function contractText({ subject, version }: { readonly subject: string; readonly version: number }): string {
  return `${subject}@${version}`;
}

/** Reads the name of a contract version; null for any other text. */
export function parseContractText(text: string): { readonly subject: string; readonly version: number } | null {
  const [, subject, version] = /^([A-Za-z0-9_.-]{1,249})@([1-9][0-9]{0,8})$/.exec(text) ?? [];
  return subject === undefined ? null : { subject, version: Number(version) };
}
