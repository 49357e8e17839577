import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium, type BrowserContext, type ConsoleMessage } from "playwright-core";

/** A real browser without a window. */
export type Chromium = { readonly open: (url: string) => Promise<Page>; readonly stop: () => Promise<void> };

export type Page = {
  /** What a script of the page gives, once it has settled. @throws what it throws. */
  readonly run: (script: string) => Promise<unknown>;
  /** The cookies that the browser would send to the page's address. */
  readonly cookies: () => Promise<readonly BrowserCookie[]>;
  /** PNG of the whole page. */
  readonly screenshot: () => Promise<Buffer>;
  /** Presses a key, as a person does. @param key as `KeyboardEvent.key` names it. */
  readonly press: (key: string) => Promise<void>;
  /** Goes to another address, and waits until it is loaded. */
  readonly go: (url: string) => Promise<void>;
  /** Shows the page in a window of this width, in pixels, to somebody who prefers a light or a dark one. */
  readonly show: (width: number, scheme: "light" | "dark") => Promise<void>;
  /** Errors on the console, of the page's scripts and of the browser about it. */
  readonly errors: readonly string[];
};

export type BrowserCookie = {
  readonly name: string;
  readonly value: string;
  readonly httpOnly: boolean;
  readonly sameSite?: string;
};

/** Where the browser is. @throws when there is none. */
export function chromiumBinary(): string {
  const named = process.env["CHROMIUM"];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const names = ["chromium", "google-chrome", "chromium-browser"];
  const found = [
    ...(named === undefined ? [] : [named]),
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
  ].find(isExecutable);
  if (found === undefined) throw new Error("there is no Chromium on the path, and CHROMIUM names none");
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Asks nobody outside; in a container it has no sandbox of its own. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  // A picture of a whole page has no bar at its side, whose width would be cut off the page.
  "--hide-scrollbars",
  "--disable-dev-shm-usage",
] as const;

/** @param names of hosts that mean 127.0.0.1; any other than localhost means nothing. */
export async function startChromium(names: readonly string[]): Promise<Chromium> {
  const rules = [
    ...names.map((name) => `MAP ${name} 127.0.0.1`),
    "MAP * ~NOTFOUND",
    "EXCLUDE 127.0.0.1",
    "EXCLUDE localhost",
  ];
  const browser = await chromium.launch({
    executablePath: chromiumBinary(),
    args: [...FLAGS, `--host-resolver-rules=${rules.join(", ")}`],
  });
  const context = await browser.newContext();
  return { open: async (url) => openPage(context, url), stop: async () => browser.close() };
}

async function openPage(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  // A script of a test is no script of the page: the page's policy, which forbids to evaluate text, is not about it.
  const inspector = await context.newCDPSession(page);
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(textOf(message));
  });
  const go = async (to: string): Promise<void> => void (await page.goto(to));
  await go(url);
  return {
    errors,
    run: async (script) => {
      const { result, exceptionDetails } = await inspector.send("Runtime.evaluate", {
        expression: `(async () => { ${script} })()`,
        awaitPromise: true,
        returnByValue: true,
        userGesture: true,
      });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return result.value as unknown;
    },
    go,
    press: async (key) => page.keyboard.press(key),
    show: async (width, scheme) => {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: scheme });
    },
    cookies: async () => context.cookies(page.url()),
    screenshot: async () => page.screenshot({ fullPage: true }),
  };
}

function textOf(message: ConsoleMessage): string {
  return `${message.text()} ${message.location().url}`.trim();
}
