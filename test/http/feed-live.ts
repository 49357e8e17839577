import type { IngestDeps } from "../../src/gateway/ingest-deps.ts";
import type { Live } from "../../src/http/live/live.ts";
import type { Embedded } from "../embedded.ts";

/** What feeds it in a gateway (src/app/observers.ts). */
export function feedLive(live: Live, { events }: Embedded): Pick<IngestDeps, "observe" | "observeBatch"> {
  return {
    observe: (event) => {
      events.push(event);
      live.observe(event);
    },
    observeBatch: (stream) => {
      const batch = live.batch(stream);
      return { see: (row) => batch?.see(row), stored: async (conflicts) => batch?.stored(conflicts) };
    },
  };
}
