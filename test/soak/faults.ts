import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { contractText, type SoakedGateway } from "./gateway.ts";

export type Faults = { readonly counts: () => Readonly<Record<string, number>>; readonly stop: () => Promise<void> };

/** Milliseconds between two faults, and how long a freeze lasts. */
const EVERY_MS = 8_000;
const FROZEN_MS = 2_500;

/**
 * Kills, freezes and swaps of the contract, one after the other. From `killsUntilMs` on the process is killed no more: what it holds
 * over a long time is looked at then.
 */
export function startFaults(gateway: SoakedGateway, directory: string, killsUntilMs: number): Faults {
  const counts: Record<string, number> = { kills: 0, freezes: 0, swaps: 0 };
  const count = (name: string): void => void (counts[name] = (counts[name] ?? 0) + 1);
  const stopping = new AbortController();
  const began = performance.now();
  const run = async (): Promise<void> => {
    for (let turn = 0; !stopping.signal.aborted; turn += 1) {
      await delay(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      const mayKill = performance.now() - began < killsUntilMs;
      if (turn % 3 === 0 && mayKill) {
        await gateway.kill();
        await gateway.start();
        count("kills");
      } else if (turn % 3 === 1) {
        gateway.freeze(true);
        await delay(FROZEN_MS);
        gateway.freeze(false);
        count("freezes");
      } else {
        swap(directory, turn);
        count("swaps");
      }
    }
  };
  const running = run();
  return {
    counts: () => counts,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** Version 1 is active and deprecated by turns: it judges all the same, by another set. */
function swap(directory: string, turn: number): void {
  const file = join(directory, "contracts/shipment/contract.yaml");
  const status = turn % 2 === 0 ? "active" : "deprecated\n    deprecated: 2026-01-01";
  writeFileSync(`${file}.new`, contractText().replace("status: active", `status: ${status}`));
  renameSync(`${file}.new`, file);
}
