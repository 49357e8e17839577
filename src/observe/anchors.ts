import type { Logger } from "pino";
import type { AnchorEvent } from "../gateway/event.ts";

/** Trouble with an anchor is told once until an anchor is written again; what is less than it should be, once. */
export function logAnchors(log: Logger): (event: AnchorEvent) => void {
  const told = new Map<string, string>();
  const once = (place: string, what: string, tell: () => void): void => {
    if (told.get(place) === what) return;
    told.set(place, what);
    tell();
  };
  return (event) => {
    switch (event.kind) {
      case "anchored": {
        const { place, remark } = event;
        log.debug({ place }, "heads anchored");
        return remark === null
          ? void told.delete(place)
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
