import { expect, test } from "vitest";
import { makeApiKey, revokeApiKey } from "../../src/access/change-keys.ts";
import type { Role } from "../../src/access/roles.ts";
import { openStoreFor } from "../../src/app/stores.ts";
import { readConfig, type Config } from "../../src/config/config.ts";
import { checkAccess } from "../../src/doctor/access.ts";
import { temporaryDirectory } from "../embedded.ts";

const NOW_MS = Date.parse("2026-06-01T00:00:00Z");
const DAY_MS = 86_400_000;
const OPERATOR = { actor: "test", reason: "", at: new Date(NOW_MS).toISOString() } as const;

type Key = { readonly name: string; readonly role: Role; readonly days?: number; readonly topics?: readonly string[] };

/** A gateway with keys that end so many days from now, or never; `revoked` are ended at once. */
async function withKeys(
  keys: readonly Key[],
  env: Readonly<Record<string, string>> = {},
  revoked = "",
): Promise<Config> {
  const read = await readConfig({
    flags: new Map(),
    env: { SIGMA_DATA_DIR: temporaryDirectory(), ...env },
    file: null,
  });
  if (!read.ok) throw new Error(read.faults.map(({ message }) => message).join("; "));
  const store = await openStoreFor(read.config, "operate");
  for (const [index, { name, role, days = null, topics = [] }] of keys.entries()) {
    const wanted = { name, roles: [role], subjects: [], topics, endsMs: days === null ? null : NOW_MS + days * DAY_MS };
    const { id } = await makeApiKey(store, wanted, OPERATOR, (bytes) => Buffer.alloc(bytes, index + 1));
    if (name === revoked) await revokeApiKey(store, id, OPERATOR);
  }
  await store.close();
  return read.config;
}

/** What doctor says of admins so many days from now. */
async function said(config: Config, days = 0): Promise<readonly unknown[]> {
  const checks = await checkAccess(config, () => NOW_MS + days * DAY_MS);
  return checks.filter(({ name }) => name === "admins").map(({ result, message }) => `${result} ${message}`);
}

const BOSS = "boss (010101010101)";
const FROM = "no key will be of an admin for all records from 2026-06-21T00:00:00.000Z on";
const NONE = "no key of an admin for all records can be used any more";

test("keys of admins that all end within 14 days are warned of, and when none can be used doctor fails", async () => {
  const config = await withKeys([
    { name: "boss", role: "admin", days: 20 },
    { name: "ann", role: "viewer" },
    { name: "limited", role: "admin", topics: ["a"] },
  ]);
  expect(await said(config)).toEqual([]);
  expect(await said(config, 6)).toEqual([]);
  expect(await said(config, 7)).toEqual([`warn ${FROM}: ${BOSS} end`]);
  expect(await said(config, 20)).toEqual([`fail ${NONE}: ${BOSS}`]);
});

test("a key of an admin that was rotated is warned of where the one in its place is revoked", async () => {
  const keys: readonly Key[] = [
    { name: "boss", role: "admin", days: 3 },
    { name: "next", role: "admin" },
  ];
  expect(await said(await withKeys(keys))).toEqual([]);
  expect(await said(await withKeys(keys, {}, "next"))).toEqual([`warn ${FROM.replace("21", "04")}: ${BOSS} end`]);
});

test("no end of an admin's key is told where nobody was an admin by a key, or somebody is one without", async () => {
  expect(await said(await withKeys([{ name: "ann", role: "viewer", days: 1 }]), 2)).toEqual([]);
  const boss: readonly Key[] = [{ name: "boss", role: "admin", days: 1 }];
  const oidc = { SIGMA_OIDC_ISSUER: "http://127.0.0.1:9", SIGMA_OIDC_AUDIENCE: "a" };
  const [admins, viewers] = ["a=viewer,b=admin", "a=viewer"].map((roles) => ({ ...oidc, SIGMA_OIDC_ROLES: roles }));
  expect(await said(await withKeys(boss, admins), 2)).toEqual([]);
  expect(await said(await withKeys(boss, viewers), 2)).toEqual([`fail ${NONE}: ${BOSS}`]);
  const files = { SIGMA_HTTP_TLS_CERT_FILE: "/dev/null", SIGMA_HTTP_TLS_KEY_FILE: "/dev/null" };
  const tls = { ...files, SIGMA_HTTP_TLS_CLIENT_CA_FILE: "/dev/null" };
  expect(await said(await withKeys(boss, { ...tls, SIGMA_HTTP_TLS_CLIENT_ROLES: "ops=admin" }), 2)).toEqual([]);
  expect(await said(await withKeys(boss, { ...tls, SIGMA_HTTP_TLS_CLIENT_ROLES: "ops=viewer" }), 2)).toEqual([
    `fail ${NONE}: ${BOSS}`,
  ]);
});
