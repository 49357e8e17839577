/** How long a page may take to become as high again as it was, while the reader does nothing. */
const RESTORE_MS = 30_000;
const STORE = "sigma.scroll";
/** Addresses whose place is remembered. */
const REMEMBERED = 100;

/**
 * Brings the reader back to where they were when they go back, or load the page again. A browser does so by itself only where the page
 * is there at once; here the rows come with the answer of the gateway.
 */
export function restoreScroll(): void {
  history.scrollRestoration = "manual";
  const places = new Map<string, number>(read());
  let isRestoring = 0;
  const remember = (): void => {
    if (isRestoring !== 0) return;
    places.delete(location.href);
    places.set(location.href, scrollY);
  };
  addEventListener("scroll", remember, { passive: true });
  // A scroll is told with the next frame only. Whoever follows a link before it would leave a place that nobody was told of.
  for (const event of ["click", "keydown"] as const)
    addEventListener(event, remember, { capture: true, passive: true });
  // Whoever scrolls by themselves is not brought anywhere.
  for (const event of ["wheel", "touchstart", "keydown", "pointerdown"] as const)
    addEventListener(event, () => (isRestoring = 0), { passive: true });
  addEventListener("pagehide", () => write([...places].slice(-REMEMBERED)));
  const restore = (): void => {
    const to = places.get(location.href) ?? 0;
    const mine = (isRestoring = performance.now());
    const look = (): void => {
      if (isRestoring !== mine) return;
      scrollTo(0, to);
      const isThere = Math.abs(scrollY - to) < 2 && document.documentElement.scrollHeight >= to + innerHeight;
      if (isThere || performance.now() - mine > RESTORE_MS) isRestoring = 0;
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  };
  addEventListener("popstate", restore);
  if (places.has(location.href)) restore();
}

function read(): readonly (readonly [string, number])[] {
  try {
    return JSON.parse(sessionStorage.getItem(STORE) ?? "[]") as readonly (readonly [string, number])[];
  } catch {
    return [];
  }
}

function write(places: readonly (readonly [string, number])[]): void {
  try {
    sessionStorage.setItem(STORE, JSON.stringify(places));
  } catch {
    // A browser that keeps nothing begins at the top.
  }
}
