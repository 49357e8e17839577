import type { Logger } from "pino";
import type { AnchorEvent } from "../gateway/event.ts";

/** Logs anchor events. Each trouble is logged once until an anchor is written again; each warning is logged once. */
export function logAnchors(log: Logger): (event: AnchorEvent) => void {
  const logged = new Map<string, string>();
  const once = (place: string, what: string, write: () => void): void => {
    if (logged.get(place) === what) return;
    logged.set(place, what);
    write();
  };
  return (event) => {
    switch (event.kind) {
      case "anchored": {
        const { place, remark } = event;
        log.debug({ place }, "heads anchored");
        return remark === null
          ? void logged.delete(place)
          : once(place, remark, () => log.warn({ place }, `Anchors: ${remark}`));
      }
      case "anchor-trouble": {
        const { place, code, message, remedy } = event;
        return once(place, message, () => log.error({ place, code, remedy }, message));
      }
      case "head-fell-behind": {
        const { stream, seq } = event;
        const remedy = "run `sigma audit --anchors`: the store was put back or rewritten";
        return log.error({ stream, seq, remedy }, "the ledger has not the entry any more that this gateway knows");
      }
    }
  };
}
