import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { readConfig } from "../src/config/config.ts";
import { PROCESS_SETTINGS } from "../src/config/process-settings.ts";
import { SETTINGS } from "../src/config/settings.ts";
import { sigma } from "./cli/run.ts";
import { temporaryDirectory } from "./embedded.ts";
import { checkManifests, helm } from "./servers/kubernetes.ts";

const ROOT = resolve(import.meta.dirname, "..");
const CHART = join(ROOT, "deploy/helm/sigma-aetl");
const PROFILES = readdirSync(join(CHART, "profiles")).toSorted();
/** Its definition is in no registry that Go, npm or Debian have; the test below says what it holds. */
const WITHOUT_SCHEMA = ["ServiceMonitor"];

type Variable = { readonly name: string; readonly value?: string; readonly valueFrom?: unknown };
type Container = {
  readonly args: readonly string[];
  readonly env: readonly Variable[];
  readonly securityContext: unknown;
  readonly resources: { readonly requests?: unknown; readonly limits?: { readonly memory?: string } };
  readonly livenessProbe: { readonly httpGet: { readonly path: string } };
  readonly readinessProbe: { readonly httpGet: { readonly path: string } };
};
type Manifest = {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly replicas?: number;
    readonly strategy?: unknown;
    readonly endpoints?: unknown;
    readonly template: {
      readonly spec: {
        readonly automountServiceAccountToken: boolean;
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: unknown;
        readonly containers: readonly [Container];
      };
    };
  };
};

function render(args: readonly string[]): { readonly code: number | null; readonly output: string } {
  return helm(["template", "release", CHART, "--namespace", "sigma", ...args], ROOT);
}

const profile = (name: string): readonly string[] => ["--values", join(CHART, "profiles", name)];

function manifestsOf(args: readonly string[]): readonly Manifest[] {
  const { code, output } = render(args);
  expect([code, code === 0 ? "" : output]).toEqual([0, ""]);
  return parseAllDocuments(output)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

const workloads = (manifests: readonly Manifest[]): readonly Manifest[] =>
  manifests.filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet");

/** Some value of the type that a Secret would bring. */
const SECRET: Readonly<Record<string, string>> = { MONGODB_URI: "mongodb://mongo/sigma" };

/** What a program of these variables has to say of them. */
async function readVariables(variables: readonly Variable[]): Promise<readonly string[]> {
  const secrets = temporaryDirectory();
  for (const path of ["kafka-ca/ca.crt", "kafka-login/password"]) {
    mkdirSync(dirname(join(secrets, path)));
    writeFileSync(join(secrets, path), "");
  }
  const own = variables.filter(({ name }) => name !== "POD_NAME");
  const env = Object.fromEntries(
    own.map(({ name, value }) => [name, (value ?? SECRET[name] ?? "").replace(/^\/secrets/, secrets)]),
  );
  const result = await readConfig({ flags: new Map(), env, file: null });
  return result.ok ? [] : result.faults.map(({ message }) => message);
}

describe("the Helm chart", () => {
  test.each(["", ...PROFILES])(
    "has nothing that lint finds, and its manifests are what Kubernetes takes: %s",
    (name) => {
      const values = name === "" ? [] : profile(name);
      const lint = helm(["lint", CHART, "--strict", ...values], ROOT);
      expect([lint.code, lint.code === 0 ? "" : lint.output]).toEqual([0, ""]);
      const { code, output } = render(values);
      expect([code, code === 0 ? "" : output]).toEqual([0, ""]);
      const checked = checkManifests(output, WITHOUT_SCHEMA);
      expect([checked.code, checked.code === 0 ? "" : checked.output]).toEqual([0, ""]);
      expect(checked.output).toMatch(/Valid: [1-9]\d*, Invalid: 0, Errors: 0/);
    },
  );

  test("would be told of a member that no kind has", () => {
    const { output } = render(profile("kafka.yaml"));
    expect(checkManifests(output.replace("replicas: 3", "replica: 3"), WITHOUT_SCHEMA).code).toBe(1);
  });

  test.each(PROFILES)("gives only variables that are settings, with values that they take: %s", async (name) => {
    const names = new Set([...SETTINGS.flatMap(({ env, alias }) => [env, alias]), "POD_NAME"]);
    for (const workload of workloads(manifestsOf(profile(name)))) {
      const { env } = workload.spec.template.spec.containers[0];
      expect(env.map((one) => one.name).filter((one) => !names.has(one))).toEqual([]);
      expect(await readVariables(env)).toEqual([]);
    }
  });

  test.each(PROFILES)("starts each pod as somebody without rights, and asks alive and ready apart: %s", (name) => {
    const found = workloads(manifestsOf(profile(name)));
    expect(found.length).toBeGreaterThan(0);
    for (const { spec } of found) {
      const pod = spec.template.spec;
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(20);
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      const [container] = pod.containers;
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(container.resources).toMatchObject({ requests: {}, limits: { memory: expect.any(String) as string } });
      expect([container.livenessProbe.httpGet.path, container.readinessProbe.httpGet.path]).toEqual([
        "/livez",
        "/readyz",
      ]);
    }
  });

  test("names each pod of a StatefulSet as a member of the group that outlives it", () => {
    const [workload] = workloads(manifestsOf(profile("kafka.yaml")));
    const { env } = workload?.spec.template.spec.containers[0] ?? { env: [] };
    expect(env.find(({ name }) => name === "SIGMA_KAFKA_INSTANCE_ID")?.value).toBe("$(POD_NAME)");
    // A variable is expanded only when it stands before.
    expect(env[0]?.name).toBe("POD_NAME");
  });

  test("keeps the volume of the embedded engines, for one pod at a time", () => {
    const manifests = manifestsOf(profile("minimal.yaml"));
    const claim = manifests.find(({ kind }) => kind === "PersistentVolumeClaim");
    expect(claim?.metadata.annotations).toEqual({ "helm.sh/resource-policy": "keep" });
    expect(workloads(manifests).map(({ spec }) => [spec.replicas, spec.strategy])).toEqual([[1, { type: "Recreate" }]]);
    const two = render([...profile("minimal.yaml"), "--set", "components.gateway.replicas=2"]);
    expect([two.code, two.output]).toEqual([
      1,
      expect.stringContaining("the embedded engines are of one process") as string,
    ]);
  });

  test("leaves the number of workers to KEDA where it scales on lag", () => {
    const manifests = manifestsOf(profile("full.yaml"));
    const worker = workloads(manifests).find(({ metadata }) => metadata.name.endsWith("-worker"));
    expect(worker?.spec.replicas).toBeUndefined();
    expect(manifests.find(({ kind }) => kind === "ScaledObject")?.spec).toMatchObject({
      scaleTargetRef: { kind: "StatefulSet", name: worker?.metadata.name },
      triggers: [{ type: "kafka", metadata: { consumerGroup: "sigma-aetl", lagThreshold: "50000" } }],
    });
    expect(manifests.find(({ kind }) => kind === "ServiceMonitor")?.spec.endpoints).toEqual([
      { port: "http", path: "/metrics", interval: "15s" },
    ]);
  });

  test.each([
    ["components.gateway.replica=3", "replica"],
    ["components.gateway.role=chief", "role"],
    ["env.KAFKA_BROKER=kafka:9092", "KAFKA_BROKER"],
    ["persistence.size=10", "size"],
    ["image.digest=latest", "digest"],
  ])("refuses values that it does not know: %s", (value, named) => {
    const { code, output } = render(["--set", value]);
    expect([code, output]).toEqual([1, expect.stringContaining(named) as string]);
  });

  test("knows the roles that the program has", () => {
    const schema = JSON.parse(readFileSync(join(CHART, "values.schema.json"), "utf8")) as {
      readonly properties: {
        readonly components: {
          readonly additionalProperties: {
            readonly properties: { readonly role: { readonly enum: readonly string[] } };
          };
        };
      };
    };
    const { enum: roles } = schema.properties.components.additionalProperties.properties.role;
    expect(roles).toEqual(PROCESS_SETTINGS.role.value.values);
  });

  test("scales on no lag that it cannot see", () => {
    const { code, output } = render(["--set", "components.gateway.autoscaling.enabled=true"]);
    expect([code, output]).toEqual([1, expect.stringContaining("needs keda.brokers and a topic") as string]);
  });
});

describe("contracts out of a ConfigMap", () => {
  test("are read by way of the links that Kubernetes makes", async () => {
    const folder = temporaryDirectory();
    const data = join(folder, "..2026_01_02");
    mkdirSync(data);
    for (const name of readdirSync(join(ROOT, "contracts"))) {
      cpSync(join(ROOT, "contracts", name), join(data, name), { recursive: true });
      symlinkSync(join("..data", name), join(folder, name));
    }
    symlinkSync("..2026_01_02", join(folder, "..data"));
    const { code, stdout } = await sigma(["contract", "list", "--contracts", folder]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("shipment") as string]);
  });
});
