import { expect, test } from "vitest";
import { recordAction } from "../../src/gateway/operate.ts";
import { actionsFrom, countActions, newestActions } from "../../src/operator/page.ts";
import { openEmbedded } from "../embedded.ts";

const ACTION = { at: "2026-11-29T00:00:00.000Z", actor: "ann", action: "resume", reason: "", detail: "" } as const;

test.each([0, 1, 2, 3, 4, 7, 8, 9, 33])(
  "of %i actions each is shown once, newest first and oldest first",
  async (count) => {
    const { store } = await openEmbedded();
    for (let n = 0; n < count; n += 1) await recordAction(store, { ...ACTION, target: String(n) });
    const { reads } = store;
    expect(await countActions(reads)).toBe(count);
    const targets: string[] = [];
    for (let before: number | null = null, more = true; more;) {
      const { actions, next } = await newestActions(reads, before, 4);
      targets.push(...actions.map(({ target }) => target));
      before = next;
      more = next !== null;
    }
    const all = Array.from({ length: count }, (_, n) => String(n));
    expect(targets).toEqual(all.toReversed());
    const oldest: string[] = [];
    for (let from: number | null = 0; from !== null;) {
      const { actions, next } = await actionsFrom(reads, from, 4);
      oldest.push(...actions.map(({ target }) => target));
      from = next;
    }
    expect(oldest).toEqual(all);
  },
);
