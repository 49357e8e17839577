import { CONTRACT_HEADER, isDeclaring } from "../../core/resolve.ts";
import type { Header } from "../../core/record.ts";

/**
 * The headers of a record that another version is to judge: `sigma-contract` in the place of the first header that declares a
 * version, and none of the others. All other headers stay as they are, in their order.
 * @param ref such as `shipment@2`.
 */
export function redeclared(headers: readonly Header[], ref: string): readonly Header[] {
  const own: Header = [CONTRACT_HEADER, Buffer.from(ref)];
  const first = headers.findIndex(isDeclaring);
  if (first === -1) return [...headers, own];
  return headers.flatMap((header, index) => (index === first ? [own] : isDeclaring(header) ? [] : [header]));
}
