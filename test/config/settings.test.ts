import { describe, expect, expectTypeOf, test } from "vitest";
import { readConfig, type ConfigInput } from "../../src/config/config.ts";
import type { CheckedRows, SourceSetting } from "../../src/config/setting-row.ts";
import { SETTINGS, type Setting, type SettingKey, type SettingValues } from "../../src/config/settings.ts";
import { parseScalar } from "../../src/config/values.ts";
import { sampleOf } from "./sample.ts";

/** The configuration that variables make, or the faults that they have. */
async function made(env: ConfigInput["env"]): Promise<unknown> {
  const result = await readConfig({ flags: new Map(), env, file: null });
  return result.ok ? result.config : result.faults;
}

/** Variables that give every setting its sample, but for these, which get another text. */
function everySetting(others: Partial<Record<SettingKey, string>> = {}): ConfigInput["env"] {
  // A pool does not go with a registry.
  const settings = SETTINGS.filter(({ key }) => key !== "decide.pool");
  return Object.fromEntries(settings.map((one) => [one.env, others[one.key] ?? sampleOf(one).text]));
}

/** A setting that gives way to another in one of these counts in the next one. */
const BASES: readonly ConfigInput["env"][] = [
  everySetting(),
  everySetting({ "kafka.sasl_mechanism": "OAUTHBEARER", "http.host": "127.0.0.1" }),
  { SIGMA_CONTRACTS_DIR: "c" },
  { SIGMA_REGISTRY_URL: "http://r:8081", SIGMA_REGISTRY_USERNAME: "u", SIGMA_REGISTRY_PASSWORD: "p" },
  {
    SIGMA_DECIDE_POOL: "http://v:8000",
    SIGMA_DECIDE_POOL_KEY: "k",
    SIGMA_DECIDE_IN_FLIGHT: "3",
    SIGMA_DECIDE_TIMEOUT_SECONDS: "7",
  },
  { SIGMA_WORKERS: "3", SIGMA_KAFKA_BROKERS: "k:9092", SIGMA_MONGODB_URI: "mongodb://m/d" },
  { SIGMA_NOTIFY_WEBHOOKS: "slack=https://h.example", SIGMA_NOTIFY_SECRETS: `whsec_${"A".repeat(44)}` },
];

describe("the table of settings", () => {
  test("is the only place that says which type a value has", () => {
    expectTypeOf<SettingValues["http.port"]>().toEqualTypeOf<number>();
    expectTypeOf<SettingValues["batch.bytes"]>().toEqualTypeOf<number>();
    expectTypeOf<SettingValues["kafka.tls"]>().toEqualTypeOf<boolean>();
    expectTypeOf<SettingValues["http.host"]>().toEqualTypeOf<string>();
    expectTypeOf<SettingValues["data.dir"]>().toEqualTypeOf<string>();
    expectTypeOf<SettingValues["kafka.mirror"]>().toEqualTypeOf<"off" | "failed" | "all">();
    expectTypeOf<SettingValues["sources"]>().toEqualTypeOf<readonly SourceSetting[]>();
    expectTypeOf<keyof SettingValues>().toEqualTypeOf<SettingKey>();
    expectTypeOf<Setting["key"]>().toEqualTypeOf<SettingKey>();
    // A key that is in no row does not compile, and is not there.
    // @ts-expect-error -- "http.prot" is in no row
    const absent: SettingKey = "http.prot";
    expect(SETTINGS.map(({ key }) => key)).not.toContain(absent);
  });

  test("takes no row with a default of another kind, without a meaning, or with a member that no row has", () => {
    const number = { kind: "integer", min: 0, max: 9 } as const;
    const choice = { kind: "choice", values: ["a", "b"] } as const;
    const good = { "a.b": { value: number, byDefault: 1, description: "", alias: "AB" } } as const;
    const text = { "a.b": { value: number, byDefault: "1", description: "" } } as const;
    const other = { "a.b": { value: choice, byDefault: "c", description: "" } } as const;
    const mute = { "a.b": { value: number, byDefault: 1 } } as const;
    const slip = { "a.b": { value: number, byDefault: 1, description: "", alais: "AB" } } as const;
    expectTypeOf(good).toExtend<CheckedRows<typeof good>>();
    expectTypeOf(text).not.toExtend<CheckedRows<typeof text>>();
    expectTypeOf(other).not.toExtend<CheckedRows<typeof other>>();
    expectTypeOf(mute).not.toExtend<CheckedRows<typeof mute>>();
    expectTypeOf(slip).not.toExtend<CheckedRows<typeof slip>>();
  });

  test("has defaults within their own bounds", () => {
    const bounded = SETTINGS.filter(({ value }) => value.kind === "integer" || value.kind === "bytes");
    expect(bounded.length).toBeGreaterThan(10);
    expect(bounded.map(({ value, byDefault }) => parseScalar(value, Number(byDefault)))).toEqual(
      bounded.map(({ byDefault }) => ({ ok: true, value: byDefault })),
    );
  });

  test("gives each setting a key, variables and an option of its own", () => {
    const names = SETTINGS.flatMap(({ key, env, alias, flag }) => [key, env, alias, flag]).filter(
      (one) => one !== null,
    );
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test("is accepted with a sample of every setting, which the next tests start from", async () => {
    const results = BASES.map((env) => readConfig({ flags: new Map(), env, file: null }));
    expect((await Promise.all(results)).map((result) => (result.ok ? [] : result.faults))).toEqual(BASES.map(() => []));
  });

  test.each(SETTINGS)("has $key, which changes what the program runs with", async ({ env: name }) => {
    const differing = BASES.map(async (base) => {
      const { [name]: given, ...without } = base;
      return given !== undefined && JSON.stringify(await made(base)) !== JSON.stringify(await made(without));
    });
    expect(await Promise.all(differing)).toContain(true);
  });
});
