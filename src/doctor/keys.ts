import { isAdmin, stateOf, type ApiKey } from "../access/api-key.ts";
import { hasClientCa, keysOf } from "../app/access.ts";
import type { Config } from "../config/config.ts";
import { fail, ok, warn, type Check } from "./check.ts";

const DAY_MS = 86_400_000;
/** So long before its end a key is warned of. */
const SOON_MS = 14 * DAY_MS;
/** So many keys are named. */
const NAMED_MAX = 5;

/** Checks the keys of a gateway, if any was made. @throws `Unavailable` when the store cannot be read. */
export async function checkKeys(config: Config, nowMs: number): Promise<readonly Check[]> {
  const keys = await keysOf(config);
  if (keys.length === 0) return [];
  const admins = hasOtherAdmins(config) ? [] : checkAdmins(keys.filter(isAdmin), nowMs);
  return [checkAll(config, keys, nowMs), ...admins];
}

function checkAll(config: Config, keys: readonly ApiKey[], nowMs: number): Check {
  const active = keys.filter((key) => stateOf(key, nowMs) === "active");
  const state = `${active.length} of ${keys.length} API keys can be used`;
  const soon = active.filter((key) => key.replacedBy === null && endsSoon(key, nowMs));
  if (soon.length > 0) {
    const message = `${state}; ${soon.length} end within 14 days: ${namesOf(soon)}`;
    return warn("keys", message, "rotate them with `sigma keys api rotate ID`");
  }
  if (active.length === 0 && config.oidc === null && !hasClientCa(config))
    return warn("keys", `${state}: nobody can ask the gateway`, "make one with `sigma keys api new`");
  return ok("keys", active.some(isAdmin) ? state : `${state}; none of them is of an admin for all records`);
}

/** Where nobody ever was an admin by a key, none is missed: commands work on the store. */
function checkAdmins(admins: readonly ApiKey[], nowMs: number): readonly Check[] {
  const active = admins.filter((key) => stateOf(key, nowMs) === "active");
  const fix = "make one that does not end with `sigma keys api new --role admin`";
  if (admins.length === 0 || active.some((key) => !endsSoon(key, nowMs))) return [];
  if (active.length === 0)
    return [fail("admins", `no key of an admin for all records can be used any more: ${namesOf(admins)}`, fix)];
  const last = new Date(Math.max(...active.map(({ endsMs }) => endsMs ?? 0))).toISOString();
  return [warn("admins", `no key will be of an admin for all records from ${last} on: ${namesOf(active)} end`, fix)];
}

/** Whether somebody is an admin without a key: by a group of the provider, or by a certificate. */
function hasOtherAdmins(config: Config): boolean {
  const rows = hasClientCa(config) ? (config.http.tls?.clientRoles ?? []) : [];
  return (
    config.oidc?.roles.some(([, role]) => role === "admin") === true ||
    rows.some(({ roles, topics }) => roles.includes("admin") && topics.length === 0)
  );
}

function endsSoon({ endsMs }: ApiKey, nowMs: number): boolean {
  return endsMs !== null && endsMs - nowMs < SOON_MS;
}

/** The newest ones. */
function namesOf(keys: readonly ApiKey[]): string {
  const named = keys.slice(-NAMED_MAX).map(({ id, name }) => `${name} (${id})`);
  return named.join(", ");
}
