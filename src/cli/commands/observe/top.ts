import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { EXIT } from "../../../config/codes.ts";
import { canRedraw, print, styled } from "../../terminal/output.ts";
import { Refusal } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { NO_LIMIT, renderStatus, type Drawn } from "./render-status.ts";
import { askStatus, type StatusView } from "./status-view.ts";

type Options = { readonly url?: string; readonly every: number };

/**
 * `sigma top`: draws what a gateway does, again and again, until `q`, Ctrl-C or SIGTERM. Where standard output is no terminal, or one that cannot
 * move its cursor (TERM=dumb), it prints one page, with the rates of one interval, and ends.
 * @throws Refusal when the gateway does not answer the first time.
 */
export async function top(command: Command, { url: named, every }: Options): Promise<void> {
  const url = named ?? (await ownUrl(command));
  const first = await askFor(url);
  const { stdout } = process;
  if (!canRedraw(stdout)) {
    await delay(every * 1_000);
    const status = await askFor(url);
    renderStatus({ url, status, before: first, trouble: null }, NO_LIMIT).forEach(print);
    return;
  }
  const stopping = new AbortController();
  const restore = takeTerminal(() => stopping.abort());
  try {
    await drawUntil(url, first, every * 1_000, stopping.signal);
  } finally {
    restore();
  }
}

async function ownUrl(command: Command): Promise<string> {
  const { http } = await configFor(command);
  const host = http.host === "0.0.0.0" || http.host === "::" ? "127.0.0.1" : http.host;
  return `${http.tls === null ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${http.port}`;
}

async function askFor(url: string): Promise<StatusView> {
  const status = await askStatus(url);
  if (status !== null) return status;
  const message = `The gateway at ${url} does not say what it does`;
  throw new Refusal("SIG-R-002", message, "it is older than this program, or no gateway: update it", EXIT.unreachable);
}

async function drawUntil(url: string, first: StatusView, everyMs: number, signal: AbortSignal): Promise<void> {
  const { stdout } = process;
  let drawn: Drawn = { url, status: first, before: null, trouble: null };
  const draw = (): void => {
    const { columns, rows } = stdout;
    // The last line is the way out. An erased rest of each line flickers less than an erased page.
    const lines = renderStatus(drawn, { columns, rows: rows - 1 }).map(coloured);
    const filled = [...lines, ...Array.from({ length: rows - 1 - lines.length }, () => ""), "q ends"];
    stdout.write(`${HOME}${filled.map((line) => `${line}${ERASE_LINE}`).join("\r\n")}`);
  };
  stdout.on("resize", draw);
  try {
    while (!signal.aborted) {
      draw();
      await delay(everyMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      drawn = await again(url, drawn);
    }
  } finally {
    stdout.off("resize", draw);
  }
}

/** The next answer; where there is none, the last one and why. */
async function again(url: string, { status, before }: Drawn): Promise<Drawn> {
  try {
    return { url, status: await askFor(url), before: status, trouble: null };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { url, status, before, trouble: "NO ANSWER" };
  }
}

const ESC = "\u001b[";
const HOME = `${ESC}H`;
const ERASE_LINE = `${ESC}K`;

/** The bytes of q, Q, Ctrl-C and Ctrl-D. */
const ENDING: ReadonlySet<number> = new Set([0x71, 0x51, 3, 4]);

/** Takes the other screen of the terminal, without cursor and echo. @returns what gives everything back. */
function takeTerminal(onEnd: () => void): () => void {
  const { stdin, stdout } = process;
  const onKey = (bytes: Buffer): void => {
    // In raw mode Ctrl-C is a byte and no signal.
    if (bytes.some((byte) => ENDING.has(byte))) onEnd();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onEnd);
  if (stdin.isTTY) {
    stdin.setRawMode(true);
    stdin.on("data", onKey);
    stdin.resume();
  }
  stdout.write(`${ESC}?1049h${ESC}?25l${ESC}2J`);
  return () => {
    stdout.write(`${ESC}?25h${ESC}?1049l`);
    for (const signal of signals) process.off(signal, onEnd);
    if (!stdin.isTTY) return;
    stdin.setRawMode(false);
    stdin.off("data", onKey);
    stdin.pause();
  };
}

/** Words that somebody is to see at once. */
function coloured(line: string): string {
  return line.replace(/\b(?:halted|paused|not ready|NO ANSWER|missed|page)\b/g, (word) => styled("red", word));
}
