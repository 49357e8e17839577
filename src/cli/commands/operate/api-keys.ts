import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import { stateOf, type ApiKey } from "../../../access/api-key.ts";
import {
  hasAdmin,
  makeApiKey,
  readApiKeys,
  revokeApiKey,
  rotateApiKey,
  type KeyRefusal,
  type MadeKey,
} from "../../../access/change-keys.ts";
import { readUses } from "../../../access/key-use.ts";
import { ROLES, type Role } from "../../../access/roles.ts";
import { hasData } from "../../../app/data-directory.ts";
import { openStoreFor } from "../../../app/stores.ts";
import { parseTimeToCome } from "../../../failures/parse-filter.ts";
import type { Store } from "../../../store/store.ts";
import { note, print, printJson, printTable, styled } from "../../terminal/output.ts";
import { plainText } from "../../terminal/plain-text.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { operatorOf } from "./operator.ts";

type Common = { readonly reason: string; readonly json: boolean };

export type NewKeyOptions = Common & {
  readonly role: string;
  readonly topics?: string;
  readonly subjects?: string;
  readonly expires?: string;
  readonly name?: string;
};
export type RotateOptions = Common & { readonly overlap: string; readonly expires?: string };
export type RevokeOptions = Common;

/** `sigma keys api new`: standard output has only the key, which is nowhere kept. */
export async function newApiKey(command: Command, options: NewKeyOptions): Promise<void> {
  const operator = operatorOf(options);
  const roles = rolesIn(options.role);
  const [topics, subjects] = [namesIn(options.topics, "topics"), namesIn(options.subjects, "subjects")];
  if (roles.includes("producer") && topics.length === 0) {
    const message = "A producer's key is for named topics, and none is named";
    throw usage("SIG-A-001", message, "add --topics NAME, or several with commas");
  }
  const name = (options.name ?? roles.join(", ")).trim();
  if (!/^\P{C}{1,100}$/u.test(name))
    throw usage("SIG-A-001", "Cannot use --name: it is no text of 1 to 100 characters", "name who uses the key");
  const endsMs = endOf(options.expires);
  await withStore(command, async (store) => {
    const made = await makeApiKey(store, { name, roles, topics, subjects, endsMs }, operator, randomBytes);
    const limits = { roles, topics, subjects, expires: timeText(endsMs) };
    show(made, { kind: "api-key", name, ...limits }, options.json);
    note(`made key ${made.id}; it is shown this once: keep it where only its user can read it`);
    note("Every request that is not open to all needs a key from now on, also on this machine");
    await warnWithoutAdmin(store);
  });
}

/** `sigma keys api rotate`. */
export async function rotateKeyCommand(command: Command, id: string, options: RotateOptions): Promise<void> {
  const operator = operatorOf(options);
  const nowMs = Date.now();
  const overlapMs = /^0[smhd]?$/.test(options.overlap) ? 0 : (parseTimeToCome(options.overlap, nowMs) ?? NaN) - nowMs;
  if (Number.isNaN(overlapMs)) throw usage("SIG-A-001", "Cannot read --overlap", "write it as 24h, 10m or 0s");
  const endsMs = endOf(options.expires);
  await withStore(command, async (store) => {
    const made = await rotateApiKey(store, id, { endsMs, oldEndsMs: nowMs + overlapMs, nowMs }, operator, randomBytes);
    if ("refused" in made) throw refusalOf(id, made.refused);
    const oldEnds = timeText(nowMs + overlapMs);
    show(made, { kind: "api-key", replaces: id, oldEnds, expires: timeText(endsMs) }, options.json);
    note(`made key ${made.id} in the place of ${plainText(id, 40)}, which ends at ${oldEnds}; it is shown this once`);
  });
}

/** `sigma keys api revoke`. */
export async function revokeKeyCommand(command: Command, id: string, options: RevokeOptions): Promise<void> {
  const operator = operatorOf(options);
  await withStore(command, async (store) => {
    const refused = await revokeApiKey(store, id, operator);
    if (refused !== null) throw refusalOf(id, refused);
    if (options.json) printJson({ kind: "revoked", id });
    else print(`revoked ${id}; gateways refuse it within a second`);
    await warnWithoutAdmin(store);
  });
}

/** Says so when no key may change keys: over HTTP nobody could, unless they sign in or have a certificate. */
async function warnWithoutAdmin({ reads }: Store): Promise<void> {
  if (hasAdmin(await readApiKeys(reads), Date.now())) return;
  note(
    `No key is of an admin for all records, so by a key nobody makes another. Make one: ${toRun("keys api new --role admin")}`,
  );
}

/** `sigma keys api list`. */
export async function listApiKeys(command: Command, { json }: { readonly json: boolean }): Promise<void> {
  const config = await configFor(command);
  if (!hasData(config)) return json ? undefined : printNone();
  const store = await openStoreFor(config, "read");
  try {
    const keys = await readApiKeys(store.reads);
    const uses = await readUses(store.reads);
    const nowMs = Date.now();
    if (json) return keys.forEach((key) => printJson(jsonOf(key, uses, nowMs)));
    if (keys.length === 0) return printNone();
    const rows = keys.map((key) => [
      key.id,
      plainText(key.name, 40),
      key.roles.join(", "),
      plainText([...key.subjects, ...key.topics].join(", "), 60) || "all records",
      timeText(key.endsMs) ?? "never",
      minuteText(uses.get(key.id)),
      stateText(key, nowMs),
    ]);
    printTable([["ID", "NAME", "ROLES", "FOR", "ENDS", "LAST USE", "STATE"], ...rows], []);
  } finally {
    await store.close();
  }
}

function printNone(): void {
  print(
    `There are no keys: whoever reaches the gateway may do everything. Make one: ${toRun("keys api new --role admin")}`,
  );
}

function jsonOf(key: ApiKey, uses: ReadonlyMap<string, number>, nowMs: number): Readonly<Record<string, unknown>> {
  const { id, name, roles, subjects, topics, madeAt, madeBy, endsMs, revokedAt, replacedBy } = key;
  const lastUse = timeText(uses.get(id) ?? null);
  const state = stateOf(key, nowMs);
  const made = { madeAt, madeBy, ends: timeText(endsMs), revokedAt, replacedBy };
  return { kind: "api-key", id, name, roles, subjects, topics, ...made, lastUse, state };
}

function stateText(key: ApiKey, nowMs: number): string {
  const state = stateOf(key, nowMs);
  return state === "active" ? state : styled("yellow", state);
}

function minuteText(ms: number | undefined): string {
  return ms === undefined ? "never" : new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}

function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function show(made: MadeKey, about: Readonly<Record<string, unknown>>, json: boolean): void {
  if (json) printJson({ ...about, ...made });
  else print(made.key);
}

function rolesIn(text: string): readonly Role[] {
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !ROLES.includes(name as Role));
  if (wrong === undefined) return [...new Set(names as Role[])];
  throw usage("SIG-A-001", `There is no role "${plainText(wrong, 40)}"`, `use ${ROLES.join(", ")}`);
}

/** Names of topics and of contracts have the same form. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,248}$/;

function namesIn(text: string | undefined, option: string): readonly string[] {
  if (text === undefined) return [];
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !NAME.test(name));
  if (wrong === undefined) return [...new Set(names)];
  throw usage(
    "SIG-A-001",
    `Cannot use --${option}: "${plainText(wrong, 60)}" is no name`,
    "write names with commas between",
  );
}

function endOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const ms = parseTimeToCome(text, Date.now());
  if (ms !== null) return ms;
  throw usage(
    "SIG-A-001",
    `Cannot use --expires: "${plainText(text, 40)}" is no time to come`,
    "write 90d, 12h or a time",
  );
}

const WHY: Readonly<Record<KeyRefusal, string>> = {
  unknown: "there is no key of this id",
  revoked: "it is revoked",
  expired: "it is expired",
  replaced: "another took its place already",
  "no-admin": "it is the last of an admin",
};

function refusalOf(id: string, why: KeyRefusal): Error {
  return usage("SIG-A-002", `Cannot change key "${plainText(id, 40)}": ${WHY[why]}`, `see ${toRun("keys api list")}`);
}

/** Opens the store, beside a gateway that may run on it. It is made where there is none, so that the first start may need a key. */
async function withStore(command: Command, work: (store: Store) => Promise<void>): Promise<void> {
  const store = await openStoreFor(await configFor(command), "operate");
  try {
    await work(store);
  } finally {
    await store.close();
  }
}
