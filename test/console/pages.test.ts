import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Console } from "../../src/http/console/routes.ts";
import { startChromium, type Chromium, type Page } from "../servers/chromium.ts";
import { settles, startBehind, type State } from "./behind.ts";
import { builtConsole, keepPicture } from "./opened.ts";

const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

let chromium: Chromium;
let built: Console;
beforeAll(async () => {
  built = await builtConsole();
  chromium = await startChromium([]);
});
afterAll(async () => chromium.stop());

const STATES = ["full", "empty", "loading", "error", "forbidden"] as const;
const WIDTHS = [1280, 768, 390] as const;
/** Windows of one browser that go through the pages beside each other. */
const LANES = 2;
/** Of all rules these depend on the width of the window or on its colours. */
const SEEN = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"];
/** The most that a page may move on its own while it is shown, as Cumulative Layout Shift counts it; Lighthouse calls 0.1 good. */
const SHIFT_MAX = 0.02;

/** Tables are scrolled in a window of this width alone: in a wider one there is room, in a narrower one a row is a card. */
const CUT_AT = 768;

/** What axe finds against WCAG 2.2 AA, whether the page is wider than its window, and which tables are wider than their place. @param rules null: all of them. */
async function faultsOf(page: Page, rules: readonly string[] | null): Promise<unknown> {
  const of = rules === null ? ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] : { type: "rule", values: rules };
  if ((await page.run("return window.axe === undefined")) === true) await page.run(AXE);
  return page.run(`const { violations } = await axe.run(document, { runOnly: ${JSON.stringify(of)}, resultTypes: ["violations"] });
    const wide = document.documentElement.scrollWidth > innerWidth ? ["wider than its window"] : [];
    const cut = [...document.querySelectorAll(".scroll:has(table)")].filter((one) => ${CUT_AT} !== innerWidth && one.scrollWidth > one.clientWidth);
    return [...wide, ...cut.map((one) => "cut off: " + one.getAttribute("aria-label")), ...violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html))];`);
}

/** What moved without anybody's doing since the page was loaded, when that is more than it may be. */
async function shiftsOf(page: Page): Promise<readonly string[]> {
  return (await page.run(`const shifts = await new Promise((seen) => {
      const found = [];
      new PerformanceObserver((list) => found.push(...list.getEntries())).observe({ type: "layout-shift", buffered: true });
      requestAnimationFrame(() => requestIdleCallback(() => seen(found)));
    });
    const own = shifts.filter(({ hadRecentInput }) => !hadRecentInput);
    const sum = own.reduce((all, { value }) => all + value, 0);
    return sum <= ${SHIFT_MAX} ? [] : [sum, ...own.flatMap(({ sources }) => sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? node?.textContent))];`)) as readonly string[];
}

describe("every page of the console, as the list of its routes names them", () => {
  test.each(STATES)(
    "is accessible in light and dark, in wide and in narrow windows, where it is %s, and says what it is",
    async (state) => {
      const { front, pages } = await startBehind(built, state !== "empty");
      const moved: string[] = [];
      const lane = async (number: number): Promise<readonly string[]> => {
        const page = await chromium.open(`${front.url}/runbooks/README`);
        for (const [path, address] of pages.filter((_, at) => at % LANES === number)) {
          await page.show(WIDTHS[0], "light");
          await page.go(`${front.url}${address}`);
          await settles(page, front, path, state);
          // What went wrong is said above all else, and may move it.
          if (state === "full" || state === "empty")
            moved.push(...(await shiftsOf(page)).map((one) => `${path}: ${one}`));
          await look(page, path, state, async () => settles(page, front, path, state));
        }
        return page.errors;
      };
      front.turn(state === "empty" ? "full" : state);
      const errors = await Promise.all(Array.from({ length: LANES }, async (_, number) => lane(number)));
      expect(moved).toEqual([]);
      // The browser itself reports answers that are no success.
      expect(errors.flat().filter((error) => !/status of (?:403|404|503)|ERR_EMPTY_RESPONSE/.test(error))).toEqual([]);
    },
  );

  test("is used by the keyboard alone: Tab reaches all that can be clicked, from the first link on, and shows where it is", async () => {
    const { front, pages } = await startBehind(built, true);
    const page = await chromium.open(`${front.url}/health`);
    await page.show(1280, "light");
    for (const [path, address] of pages) {
      await page.go(`${front.url}${address}`);
      await settles(page, front, path, "full");
      await page.run("document.activeElement?.blur(); window.reached = new Set(); window.unseen = [];");
      const count = Number(
        await page.run(`window.wanted = [...document.querySelectorAll("a[href], button:not(:disabled), input, select, textarea, summary, [tabindex='0']")]
        .filter((one) => one.checkVisibility() && one.closest("details:not([open]) > :not(summary)") === null); return wanted.length;`),
      );
      for (let pressed = 0; pressed < count + 2; pressed += 1) {
        await page.press("Tab");
        await page.run(`const at = document.activeElement; reached.add(at);
          if (at !== document.body && getComputedStyle(at).outlineStyle === "none") unseen.push(at.outerHTML.slice(0, 100));`);
      }
      const missed = await page.run(
        "return [...wanted.filter((one) => one.isConnected && !reached.has(one)), ...unseen].map((one) => one.outerHTML?.slice(0, 100) ?? one)",
      );
      expect([path, missed]).toEqual([path, []]);
    }
  });
});

type Look = { readonly width: number; readonly scheme: "light" | "dark" };

/** What a page says without records differs in a few words from what it says with them: it is looked at in the widest and the narrowest window. */
function looksAt(state: State): readonly Look[] {
  const all = WIDTHS.flatMap((width) => (["light", "dark"] as const).map((scheme) => ({ width, scheme })));
  return all.filter((_, at) => state === "full" || at === 0 || at === all.length - 1);
}

/** A page in windows of several widths, light and dark. Its structure is the same in each, and looked at once. */
async function look(page: Page, path: string, state: State, settled: () => Promise<void>): Promise<void> {
  for (const [at, { width, scheme }] of looksAt(state).entries()) {
    await page.show(width, scheme);
    await settled();
    expect([path, width, scheme, await faultsOf(page, at === 0 ? null : SEEN)]).toEqual([path, width, scheme, []]);
    await keepPicture(page, `${state}${path.replaceAll(/[/:]+/g, "-")}-${width}-${scheme}`, width, scheme);
  }
}
