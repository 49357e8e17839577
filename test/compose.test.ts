import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Script } from "node:vm";
import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { readConfig, type Config } from "../src/config/config.ts";
import { SETTINGS } from "../src/config/settings.ts";

const ROOT = resolve(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

type Service = {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly read_only?: boolean;
  readonly stop_grace_period?: string;
};

const YAML = parseDocument(read("docker-compose.yml"), { uniqueKeys: true, strict: true, merge: true });
type Name = "embedded" | "kafka" | "topics" | "mongo" | "gateway" | "prometheus" | "grafana" | "ollama";
const { services, volumes } = YAML.toJS() as {
  readonly services: Readonly<Record<Name, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const DOCKERFILE = read("Dockerfile");
const VARIABLES = new Set(SETTINGS.flatMap(({ env, alias }) => [env, alias]));

/** What a gateway of the file runs with; a variable of the machine is as if it were not set. */
async function composed(name: "gateway" | "embedded" = "gateway"): Promise<Config> {
  const given = Object.entries(services[name].environment ?? {}).filter(([, value]) => value !== null);
  const env = Object.fromEntries(given.map(([key, value]) => [key, String(value)]));
  const result = await readConfig({ flags: new Map(), env, file: null });
  if (!result.ok) throw new Error(result.faults.map(({ message }) => message).join("; "));
  return result.config;
}

/** `INSIDE://:19092,OUTSIDE://:9092` as a map of name to [host, port]. */
function listeners(text: unknown): ReadonlyMap<string, readonly [string, string]> {
  const found = String(text).matchAll(/(\w+):\/\/([^:,]*):(\d+)/g);
  return new Map([...found].map(([, name = "", host = "", port = ""]) => [name, [host, port]]));
}

describe("docker-compose.yml", () => {
  test("is YAML without an error or a warning, and gives every value of a variable as text", () => {
    expect([...YAML.errors, ...YAML.warnings]).toEqual([]);
    const values = Object.values(services).flatMap(({ environment = {} }) => Object.values(environment));
    expect(values.filter((value) => value !== null && typeof value !== "string")).toEqual([]);
  });

  test("has the services it speaks of, waits only for those that say when they are ready, and mounts its own volumes", () => {
    const unmet = Object.values(services).flatMap(({ depends_on = {}, profiles = [] }) =>
      Object.entries(depends_on).filter(([name, { condition }]) => {
        const service = (services as Readonly<Record<string, Service>>)[name];
        const there = profiles.every((profile) => service?.profiles?.includes(profile) === true);
        return !there || (condition === "service_healthy" && service?.healthcheck === undefined);
      }),
    );
    expect(unmet).toEqual([]);
    const sources = Object.values(services).flatMap(({ volumes: all = [] }) =>
      all.map((one) => one.split(":")[0] ?? ""),
    );
    expect(sources.filter((one) => !one.startsWith("./"))).toEqual(Object.keys(volumes));
    expect(sources.filter((one) => one.startsWith("./") && !existsSync(join(ROOT, one)))).toEqual([]);
  });

  test("has three profiles, of which each has one gateway", () => {
    const of = (profile: string): readonly string[] =>
      Object.entries(services).flatMap(([name, { profiles = [] }]) => (profiles.includes(profile) ? [name] : []));
    expect(of("minimal")).toEqual(["embedded"]);
    expect(of("kafka")).toEqual(["kafka", "topics", "mongo", "gateway"]);
    expect(of("full")).toEqual([...of("kafka"), "prometheus", "grafana", "ollama"]);
    expect(Object.values(services).filter(({ profiles }) => profiles === undefined)).toEqual([]);
  });

  test("asks nobody for a password that everybody knows", () => {
    expect(services.grafana.environment).toMatchObject({
      GF_AUTH_DISABLE_LOGIN_FORM: "true",
      GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: "true",
    });
    expect(read("docker-compose.yml")).not.toMatch(/password:|PASSWORD/);
  });

  test("pins every image by version, and publishes to this machine alone", () => {
    const images = Object.values(services).filter(({ build }) => build === undefined);
    expect(images.filter(({ image }) => !/:v?\d+\.\d+\.\d+$/.test(image))).toEqual([]);
    const ports = Object.values(services).flatMap(({ ports: all = [] }) => all);
    expect(ports.filter((port) => !/^127\.0\.0\.1:(\d+):\1$/.test(port))).toEqual([]);
  });

  test("gives the gateway variables that are settings, and together a configuration it accepts", async () => {
    expect(Object.keys(services.gateway.environment ?? {}).filter((name) => !VARIABLES.has(name))).toEqual([]);
    const { http, kafka, mongodbUri, shutdownDeadlineMs } = await composed();
    expect(services.gateway.ports).toEqual([`127.0.0.1:${http.port}:${http.port}`]);
    expect([kafka?.tls, kafka?.sasl, mongodbUri?.startsWith("mongodb://mongo:27017/")]).toEqual([null, null, true]);
    expect(Number.parseInt(services.gateway.stop_grace_period ?? "0", 10) * 1_000).toBeGreaterThan(shutdownDeadlineMs);
    expect([services.gateway.read_only, services.embedded.read_only]).toEqual([true, true]);
    expect([(await composed("embedded")).kafka, (await composed("embedded")).mongodbUri]).toEqual([null, null]);
  });

  test("leads the gateway and the tools to a listener of Kafka, and to the topic that is made", async () => {
    const { KAFKA_LISTENERS, KAFKA_ADVERTISED_LISTENERS, KAFKA_LISTENER_SECURITY_PROTOCOL_MAP } =
      services.kafka.environment ?? {};
    const [bound, advertised] = [listeners(KAFKA_LISTENERS), listeners(KAFKA_ADVERTISED_LISTENERS)];
    for (const [name, [, port]] of advertised) expect(bound.get(name)).toEqual(["", port]);
    expect(
      [...bound.keys()].filter((name) => !String(KAFKA_LISTENER_SECURITY_PROTOCOL_MAP).includes(`${name}:`)),
    ).toEqual([]);
    const { kafka, sources } = await composed();
    const inside = advertised.get("INSIDE")?.join(":");
    expect([kafka?.brokers, services.topics.command?.[1]]).toEqual([[inside], inside]);
    expect(services.kafka.ports).toEqual([`127.0.0.1:9092:${advertised.get("OUTSIDE")?.[1]}`]);
    const { command = [] } = services.topics;
    expect(sources.map(({ topic }) => topic)).toEqual([command[command.indexOf("--topic") + 1]]);
  });

  test("initiates the replica set that the gateway asks for, with a script that is JavaScript", async () => {
    const script = services.mongo.healthcheck?.test.at(-1) ?? "";
    expect(() => new Script(script)).not.toThrow();
    const { command = [] } = services.mongo;
    const set = command[command.indexOf("--replSet") + 1];
    const uri = new URL((await composed()).mongodbUri ?? "");
    expect(uri.searchParams.get("replicaSet")).toBe(set);
    expect(script).toContain(`rs.initiate({ _id: "${set}", members: [{ _id: 0, host: "${uri.host}" }] })`);
  });
});

describe("Dockerfile", () => {
  test("builds on the Node that is tested, pinned, and runs no install script", () => {
    const { devDependencies } = JSON.parse(read("package.json")) as { devDependencies: { node: string } };
    const images = [...DOCKERFILE.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(new Set(images)).toEqual(new Set([`node:${devDependencies.node}-slim`]));
    const installs = [...DOCKERFILE.matchAll(/npm ci[^&\n]*/g)].map(([text]) => text);
    expect(installs.filter((text) => !text.includes("--ignore-scripts"))).toEqual([]);
    expect(installs.at(-1)).toContain("--omit=dev");
  });

  test("copies only what is there, and what the context lets through", () => {
    const ignored = read(".dockerignore").split("\n");
    const copied = [...DOCKERFILE.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = ""]) =>
      paths.split(" "),
    );
    expect(copied.filter((path) => !existsSync(join(ROOT, path)) || !ignored.includes(`!${path}`))).toEqual([]);
  });

  test("does not run as root, and is healthy by /livez on the port of the gateway", async () => {
    expect(DOCKERFILE).toMatch(/^USER node$/m);
    const port = /^EXPOSE (\d+)$/m.exec(DOCKERFILE)?.[1];
    expect(/^HEALTHCHECK [\s\S]*?fetch\('http:\/\/127\.0\.0\.1:(\d+)\/livez'\)/m.exec(DOCKERFILE)?.[1]).toBe(port);
    expect(port).toBe(String((await composed()).http.port));
    const variables = [...DOCKERFILE.matchAll(/^ENV (SIGMA_\w+)=/gm)].map(([, name]) => name ?? "");
    expect(variables.filter((name) => !VARIABLES.has(name))).toEqual([]);
  });
});

describe("the pages about engines", () => {
  const keys: ReadonlySet<string> = new Set(SETTINGS.map(({ key }) => key));

  test.each(["docs/kafka.md", "docs/mongodb.md", "docs/docker.md"])("%s names only settings that there are", (path) => {
    const text = read(path);
    const named = [...text.matchAll(/`((?:kafka|mongodb|http|shutdown)\.[a-z_]+)[`:]/g)].map(([, key = ""]) => key);
    expect(named.filter((key) => !keys.has(key))).toEqual([]);
    const variables = text.match(/\b(?:SIGMA_\w+|KAFKA_BROKERS|MONGODB_URI)\b/g) ?? [];
    expect(variables.filter((name) => !VARIABLES.has(name))).toEqual([]);
    expect(text.split("\n").length).toBeLessThanOrEqual(150);
  });

  test("docs/kafka.md names every setting of Kafka", () => {
    const text = read("docs/kafka.md")
      .replace("kafka:\n  brokers:", "`kafka.brokers`")
      .replace("  group:", "`kafka.group`");
    const missing = [...keys].filter((key) => key.startsWith("kafka.") && !text.includes(`\`${key}`));
    expect(missing).toEqual([]);
  });
});
