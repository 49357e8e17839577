import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readConsole } from "../../src/app/console-files.ts";
import type { Console } from "../../src/http/console/routes.ts";
import { until } from "../patience.ts";
import type { Page } from "../servers/chromium.ts";

export const ROOT: string = resolve(import.meta.dirname, "../..");

/** Builds the console, unless it is built of these sources already, and reads it as a gateway does. */
export async function builtConsole(): Promise<Console> {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/console.ts"], { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot build the console: ${stderr}`);
  const found = await readConsole(join(ROOT, "dist/console"));
  if (found === null) throw new Error("Cannot read the console that was built");
  return found;
}

/** Waits until the page says something. */
export async function says(page: Page, text: string): Promise<void> {
  let last = "";
  await until(
    async () => (last = String(await page.run("return document.body.innerText"))).includes(text),
    () => `the page does not say "${text}": ${last}`,
  );
}

/** Names a folder for pictures of pages; nothing is kept without it. */
const PICTURES = process.env["CONSOLE_PICTURES"];

/** Keeps a picture of a page, in a window of this width. */
export async function keepPicture(
  page: Page,
  name: string,
  width = 1280,
  scheme: "light" | "dark" = "light",
): Promise<void> {
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.show(width, scheme);
  writeFileSync(join(PICTURES, `${name}.png`), await page.screenshot());
}

/** Clicks the button or link of the content whose words begin so. */
export function click(words: string): string {
  return `const found = [...document.querySelectorAll("main button, main a")].find((one) => one.innerText.startsWith(${JSON.stringify(words)}));
    if (found === undefined) throw new Error("there is no " + ${JSON.stringify(words)}); found.click();`;
}
