import { SETTINGS } from "../../src/config/settings.ts";
import { describe, expect, test } from "vitest";
import { jsonLines, project, sigma } from "./run.ts";

describe("sigma config show", () => {
  test("prints every value with where it comes from: option, variable, file, default", async () => {
    const cwd = project({ "sigma.yaml": "http:\n  port: 9000\n  host: localhost\nlog:\n  level: debug\n" });
    const env = { SIGMA_HTTP_HOST: "127.0.0.2", SIGMA_LIMITS_RECORD_BYTES: "64 KiB" };
    const { code, stdout, stderr } = await sigma(["config", "show", "--origin", "--json", "--log-level", "warn"], {
      cwd,
      env,
    });
    expect([code, stderr]).toEqual([0, ""]);
    const shown = new Map(jsonLines(stdout).map(({ key, value, origin }) => [key, [value, origin]]));
    expect(shown.get("http.port")).toEqual([9_000, "sigma.yaml:2:9"]);
    expect(shown.get("http.host")).toEqual(["127.0.0.2", "environment SIGMA_HTTP_HOST"]);
    expect(shown.get("log.level")).toEqual(["warn", "option --log-level"]);
    expect(shown.get("limits.record_bytes")).toEqual([65_536, "environment SIGMA_LIMITS_RECORD_BYTES"]);
    expect(shown.get("limits.depth")).toEqual([64, "default"]);
    expect(shown.size).toBe(SETTINGS.length);
  });

  test("reports everything wrong at once and exits 2, for every command that reads the configuration", async () => {
    const cwd = project({ "sigma.yaml": "http:\n  prot: 1\n  port: 70000\nbach: {}\n" });
    const env = { SIGMA_HTP_PORT: "1", KAFKA_BROKERS: "k", MONGODB_URI: "http://s3cret@x" };
    for (const args of [["config", "show"], ["start"], ["contract", "list"], ["status"]]) {
      const { code, stdout, stderr } = await sigma(args, { cwd, env });
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr.split("\n").filter((line) => line.includes(": error "))).toEqual([
        'sigma.yaml:2:3: error SIG-S-003 Unknown key "http.prot" (did you mean "port"?)',
        "sigma.yaml:3:9: error SIG-S-004 Setting http.port must be a whole number from 0 to 65535, found 70000",
        'sigma.yaml:4:1: error SIG-S-003 Unknown key "bach" (did you mean "batch"?)',
        "environment SIGMA_HTP_PORT: error SIG-S-005 Unknown variable SIGMA_HTP_PORT (did you mean SIGMA_HTTP_PORT?)",
        'environment KAFKA_BROKERS: error SIG-S-011 Cannot use "k" as a broker',
        "environment MONGODB_URI: error SIG-S-011 The URI does not begin with mongodb://",
      ]);
    }
  });

  test("never shows a secret, and shows that there is one", async () => {
    const env = { MONGODB_URI: "mongodb://user:s3cret@db/x", SIGMA_KAFKA_SASL_PASSWORD: "s3cret" };
    for (const form of [[], ["--json"], ["--origin"]]) {
      const { code, stdout, stderr } = await sigma(["config", "show", ...form], { cwd: project(), env });
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).not.toContain("s3cret");
      expect(stdout.match(/\(secret\)/g)).toHaveLength(2);
    }
  });

  test("a file that is named must be there", async () => {
    const { code, stderr } = await sigma(["config", "show", "-c", "absent.yaml"], { cwd: project() });
    expect([code, stderr.split("\n")[0]]).toEqual([
      2,
      'absent.yaml: error SIG-S-001 Cannot read configuration "absent.yaml": it does not exist',
    ]);
  });

  test("a file without an end is refused where it is longer than one may be", async () => {
    const { code, stderr } = await sigma(["config", "show", "-c", "/dev/zero"], { cwd: project() });
    expect([code, stderr.split("\n")[0]]).toEqual([
      2,
      '/dev/zero: error SIG-S-001 Cannot read configuration "/dev/zero": it has more than 4194304 bytes, the most that one may have',
    ]);
  });

  test("contract commands look where the configuration says", async () => {
    const cwd = project({ "sigma.yaml": "contracts:\n  dir: elsewhere\n" });
    const { code, stderr } = await sigma(["contract", "list"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('Cannot load contracts from "elsewhere"');
    expect((await sigma(["contract", "list", "--contracts", "contracts"], { cwd })).code).toBe(0);
  });
});
