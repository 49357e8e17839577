import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cached, run } from "./cache.ts";
import { freePorts } from "./ports.ts";

const nodeBinary = process.execPath;
const VERSION = "9.13.3";
const JOSE = "6.2.17";

/** A real OpenID Connect provider: people are ada (operator, viewer), root (admins) and bob (no group that means anything here). */
export type OidcServer = {
  readonly issuer: string;
  /** Mints an access token. */
  readonly token: (asked?: Readonly<Record<string, string>>) => Promise<string>;
  /** Signs with a new key from now on. @param drop the old one is published no more. */
  readonly rotate: (drop: boolean) => Promise<void>;
  readonly stop: () => Promise<void>;
};

export const CLIENT = { id: "console", secret: "console-secret" } as const;
export const AUDIENCE = "urn:gateway:api";

/** The provider's modules, from npm. @throws when they cannot be had. */
export function oidcProviderHome(): string {
  return cached(`oidc-provider-${VERSION}`, (folder) => {
    const packages = [`oidc-provider@${VERSION}`, `jose@${JOSE}`];
    run("npm", ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", ...packages]);
  });
}

/** @param redirect where the gateway's callback is. */
export async function startOidc(redirect: string): Promise<OidcServer> {
  const home = oidcProviderHome();
  const [port = 0] = await freePorts(1);
  // Beside node_modules, so that its imports are found.
  const folder = mkdtempSync(join(home, "run-"));
  const script = join(folder, "oidc-provider.mjs");
  copyFileSync(join(import.meta.dirname, "oidc-provider.mjs"), script);
  const issuer = `http://127.0.0.1:${port}`;
  const users = "ada:on-call+everybody,root:admins,bob:others";
  const env = { ...process.env, OIDC_PORT: String(port), OIDC_USERS: users, OIDC_REDIRECTS: redirect };
  const child = spawn(nodeBinary, [script], { env, stdio: "ignore" });
  const ended = once(child, "close");
  for (let waited = 0; ; waited += 100) {
    if (waited > 60_000 || child.exitCode !== null) throw new Error("the provider did not start within 60 s");
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`).catch(() => null);
    if (answer?.ok === true) break;
    await delay(100);
  }
  return {
    issuer,
    token: async (asked = {}) => {
      const answer = await fetch(`${issuer}/test/tokens?${new URLSearchParams(asked).toString()}`);
      return ((await answer.json()) as { readonly access_token: string }).access_token;
    },
    rotate: async (drop) =>
      void (await (await fetch(`${issuer}/test/rotate${drop ? "?drop=1" : ""}`, { method: "POST" })).text()),
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
