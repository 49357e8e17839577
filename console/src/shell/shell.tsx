import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { useAnswer } from "../api/use-answer.ts";
import { Mark } from "../parts/mark.tsx";
import { Sheet } from "./sheet.tsx";
import { useShortcuts, type Shortcut } from "./shortcuts.ts";
import { nextOf } from "./stored.ts";
import { THEMES, theme } from "./theme.ts";
import { ZONES, zone } from "./time.ts";

const PAGES = [
  { path: "/", name: "Overview", key: "o" },
  { path: "/live", name: "Live", key: "i" },
  { path: "/failures", name: "Failures", key: "f" },
  { path: "/redrives", name: "Redrives", key: "r" },
  { path: "/contracts", name: "Contracts", key: "c" },
  { path: "/ledger", name: "Ledger", key: "a" },
  { path: "/objectives", name: "Objectives", key: "s" },
  { path: "/operator-log", name: "Operator log", key: "l" },
  { path: "/keys", name: "Keys", key: "k" },
  { path: "/playground", name: "Playground", key: "p" },
  { path: "/health", name: "Health", key: "h" },
] as const;

const READY_EVERY_MS = 5_000;

/** What every page has around it: the pages, the state of the gateway, the choices of this browser. */
export function Shell({ children }: { readonly children: ComponentChildren }) {
  const { path, route } = useLocation();
  const [isSheetOpen, setSheetOpen] = useState(false);
  const shortcuts: readonly Shortcut[] = [
    ...PAGES.map((page) => ({ keys: `g ${page.key}`, does: `Go to ${page.name}`, run: () => route(page.path) })),
    { keys: "?", does: "Show this sheet", run: () => setSheetOpen(true) },
    { keys: "t", does: "Next theme", run: () => (theme.value = nextOf(THEMES, theme.value)) },
    { keys: "z", does: "Next way of writing times", run: () => (zone.value = nextOf(ZONES, zone.value)) },
    { keys: "y", does: "Copy a link to this view", run: () => void navigator.clipboard.writeText(location.href) },
  ];
  useShortcuts(shortcuts);
  const nav = useRef<HTMLElement>(null);
  // On a narrow screen the pages are scrolled.
  useEffect(
    () => nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }),
    [path],
  );
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="bar">
        <a class="brand" href="/" aria-label="SIGMA, overview">
          <img src="/icon.svg" alt="" width="22" height="22" /> SIGMA
        </a>
        <nav aria-label="Pages" ref={nav}>
          {PAGES.map((page) => (
            <a href={page.path} aria-current={isOn(path, page.path) ? "page" : undefined}>
              {page.name}
            </a>
          ))}
        </nav>
        <div class="choices">
          <GatewayState />
          <Choices />
          <button type="button" class="quiet" aria-label="Keyboard shortcuts" onClick={() => setSheetOpen(true)}>
            ?
          </button>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      {isSheetOpen && <Sheet shortcuts={shortcuts} onClose={() => setSheetOpen(false)} />}
    </div>
  );
}

/** What this browser chose. On a screen that is too narrow for the words a glyph says what is chosen. */
function Choices() {
  return (
    <>
      <button
        type="button"
        class="quiet"
        title="How times are written"
        onClick={() => (zone.value = nextOf(ZONES, zone.value))}
      >
        <span class="label">Times: </span>
        <span class="glyph" aria-hidden="true">
          ◷{" "}
        </span>
        {zone.value}
      </button>
      <button type="button" class="quiet" title="Colours" onClick={() => (theme.value = nextOf(THEMES, theme.value))}>
        <span class="label">Theme: </span>
        <span class="glyph" aria-hidden="true">
          ◐{" "}
        </span>
        {theme.value}
      </button>
    </>
  );
}

function GatewayState() {
  const { value, trouble } = useAnswer("/readyz", {}, { everyMs: READY_EVERY_MS });
  const state = trouble?.kind === "unreachable" ? "unreachable" : value === null ? "asking" : value.status;
  const kind = state === "ready" ? "pass" : state === "asking" ? "muted" : "fail";
  return (
    <a class="state" href="/health" aria-live="polite">
      <Mark kind={kind}>{state}</Mark>
    </a>
  );
}

function isOn(path: string, page: string): boolean {
  return page === "/"
    ? path === "/"
    : path === page || path.startsWith(`${page}/`) || (page === "/failures" && path.startsWith("/r/"));
}
