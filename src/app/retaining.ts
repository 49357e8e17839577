import type { KeptFor, RetentionConfig } from "../config/retention-config.ts";
import type { Policy } from "../retain/policy.ts";

/** The policy that the settings say. */
export function policyOf({ failed, receipts, collections }: RetentionConfig): Policy {
  const term = (setting: string, kept: KeptFor) =>
    kept === null ? null : { ms: kept.ms, says: `${setting} ${kept.text}` };
  return (kind, collection) => {
    switch (kind) {
      case "receipts":
        return term("retention.receipts", receipts);
      case "failed": {
        const own = collections.findLast((one) => one.collection === collection);
        if (own === undefined) return term("retention.failed", failed);
        const { kept } = own;
        return term("retention.collections", kept === null ? null : { ...kept, text: `${collection}=${kept.text}` });
      }
    }
  };
}

/** Whether the settings keep everything for ever. */
export function keepsAll({ failed, receipts, collections }: RetentionConfig): boolean {
  return failed === null && receipts === null && collections.every(({ kept }) => kept === null);
}
