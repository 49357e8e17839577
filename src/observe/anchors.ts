import type { AnchorEvent } from "../gateway/event.ts";
import type { Logger } from "./log/logger.ts";
import { runbookOf } from "./runbooks.ts";

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
        log.write("anchors.written", { "sigma.anchor.place": place });
        return remark === null
          ? void logged.delete(place)
          : once(place, remark, () => log.write("anchors.weak", { "sigma.anchor.place": place }, `Anchors: ${remark}`));
      }
      case "anchor-trouble": {
        const { place, code, message, remedy } = event;
        const why = { "error.type": code, "sigma.remedy": remedy, "sigma.runbook": runbookOf(code) };
        return once(place, message, () =>
          log.write("anchors.trouble", { "sigma.anchor.place": place, ...why }, message),
        );
      }
      case "head-fell-behind": {
        const { stream, seq } = event;
        const remedy = "run `sigma audit --anchors`: the store was put back or rewritten";
        return log.write("ledger.rolled_back", {
          "sigma.stream.id": stream,
          "sigma.ledger.seq": seq,
          "sigma.remedy": remedy,
        });
      }
    }
  };
}
