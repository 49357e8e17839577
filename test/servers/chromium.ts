import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A real browser without a window, driven over its DevTools protocol. */
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
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  // A picture of a whole page has no bar at its side, whose width would be cut off the page.
  "--hide-scrollbars",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--remote-debugging-port=0",
];

/** @param names of hosts that mean 127.0.0.1; any other than localhost means nothing. */
export async function startChromium(names: readonly string[]): Promise<Chromium> {
  const profile = mkdtempSync(join(tmpdir(), "sigma-chromium-"));
  const rules = [
    ...names.map((name) => `MAP ${name} 127.0.0.1`),
    "MAP * ~NOTFOUND",
    "EXCLUDE 127.0.0.1",
    "EXCLUDE localhost",
  ];
  const child = spawn(
    chromiumBinary(),
    [...FLAGS, `--user-data-dir=${profile}`, `--host-resolver-rules=${rules.join(", ")}`, "about:blank"],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const exited = once(child, "exit");
  const protocol = await connectTo(await addressOf(child));
  return {
    open: async (url) => openPage(protocol, url),
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
      rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

async function addressOf(child: ChildProcess): Promise<string> {
  let text = "";
  return new Promise((found, lost) => {
    child.stderr?.on("data", (chunk) => {
      text += String(chunk);
      const match = /DevTools listening on (ws:\S+)/.exec(text);
      if (match?.[1] !== undefined) found(match[1]);
    });
    child.once("exit", () => lost(new Error(`the browser ended:\n${text.slice(-2_000)}`)));
  });
}

type Message = {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
};

type Protocol = {
  readonly send: (
    method: string,
    params?: Readonly<Record<string, unknown>>,
    sessionId?: string,
  ) => Promise<Readonly<Record<string, unknown>>>;
  readonly listen: (listener: (message: Message) => void) => void;
};

async function connectTo(address: string): Promise<Protocol> {
  const socket = new WebSocket(address);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", reject, { once: true });
  });
  let last = 0;
  const waiting = new Map<number, (message: Message) => void>();
  const listeners: ((message: Message) => void)[] = [];
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    else for (const listener of listeners) listener(message);
  });
  return {
    listen: (listener) => void listeners.push(listener),
    send: async (method, params = {}, sessionId?: string) =>
      new Promise((resolve, reject) => {
        const id = (last += 1);
        waiting.set(id, ({ result, error }) => {
          waiting.delete(id);
          if (error === undefined) resolve(result ?? {});
          else reject(new Error(`${method}: ${error.message}`));
        });
        socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
      }),
  };
}

async function openPage({ send, listen }: Protocol, url: string): Promise<Page> {
  // Of several tabs of one window only one is seen, and the console asks for nothing while nobody sees it.
  const { targetId } = await send("Target.createTarget", { url: "about:blank", newWindow: true });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  const own = async (method: string, params: Readonly<Record<string, unknown>> = {}) =>
    send(method, params, String(sessionId));
  const errors: string[] = [];
  let onLoad = (): void => undefined;
  listen((message) => {
    if (message.sessionId !== sessionId) return;
    if (message.method === "Page.loadEventFired") onLoad();
    const error = errorIn(message);
    if (error !== null) errors.push(error);
  });
  for (const domain of ["Page", "Runtime", "Log"]) await own(`${domain}.enable`);
  const go = async (to: string): Promise<void> => {
    const loaded = new Promise<void>((resolve) => (onLoad = resolve));
    await own("Page.navigate", { url: to });
    await loaded;
  };
  await go(url);
  return {
    errors,
    run: async (script) => {
      const { result, exceptionDetails } = (await own("Runtime.evaluate", {
        expression: `(async () => { ${script} })()`,
        awaitPromise: true,
        returnByValue: true,
        userGesture: true,
      })) as { readonly result?: { readonly value?: unknown }; readonly exceptionDetails?: object };
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return result?.value;
    },
    go,
    press: async (key) => {
      const text = key === "Enter" ? "\r" : key.length === 1 ? key : undefined;
      // A link is opened, and the focus goes on, by the code of the key and not by its name.
      const number = { Enter: 13, Tab: 9 }[key];
      const code = number === undefined ? {} : { code: key, windowsVirtualKeyCode: number };
      await own("Input.dispatchKeyEvent", { type: "keyDown", key, ...code, ...(text === undefined ? {} : { text }) });
      await own("Input.dispatchKeyEvent", { type: "keyUp", key, ...code });
    },
    show: async (width, scheme) => {
      await own("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });
      await own("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
    },
    cookies: async () => (await own("Network.getCookies"))["cookies"] as readonly BrowserCookie[],
    screenshot: async () => {
      const { data } = await own("Page.captureScreenshot", { captureBeyondViewport: true });
      return Buffer.from(String(data), "base64");
    },
  };
}

function errorIn({ method, params }: Message): string | null {
  if (method === "Runtime.exceptionThrown") return JSON.stringify(params);
  if (method === "Runtime.consoleAPICalled" && params?.["type"] === "error") return JSON.stringify(params["args"]);
  const { level, text, url } = (params?.["entry"] ?? {}) as Readonly<Record<string, string>>;
  return method === "Log.entryAdded" && level === "error" ? `${text} ${url ?? ""}`.trim() : null;
}
