import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { cached, run } from "./cache.ts";
import { writeManifestSchemas } from "./manifest-schemas.ts";

const SOURCES = join(import.meta.dirname, "kubernetes");
/** Where the schemas of manifests are read from: the modules hold them as OpenAPI and as CustomResourceDefinitions. */
const VERSION = "v1.37.2";
const KUBERNETES = `k8s.io/kubernetes@${VERSION}`;
const KEDA = "github.com/kedacore/keda/v2@v2.21.0";

/** What a program printed, whatever became of it. */
export type Printed = { readonly code: number | null; readonly output: string };

/**
 * A folder with helm, kubeconform and the schemas of Kubernetes and KEDA, made once from Go modules: some 200 s of CPU.
 * @throws without Go or a network.
 */
export function kubernetesTools(): string {
  return cached("kubernetes-tools-3.22.0-1.37.2", (making) => {
    for (const name of ["go.mod", "go.sum"]) copyFileSync(join(SOURCES, name), join(making, name));
    const packages = ["helm.sh/helm/v3/cmd/helm", "github.com/yannh/kubeconform/cmd/kubeconform"];
    run(
      "go",
      ["build", "-mod=mod", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", making, ...packages],
      making,
    );
    const schemas = join(making, "schemas");
    mkdirSync(schemas);
    const keda = join(moduleFolder(KEDA), "config/crd/bases");
    const definitions = readdirSync(keda).map((name) => join(keda, name));
    writeManifestSchemas(join(moduleFolder(KUBERNETES), "api/openapi-spec/swagger.json"), definitions, schemas);
  });
}

/** @returns the folder of a Go module, which is downloaded and verified when it is not there. */
function moduleFolder(module: string): string {
  return (JSON.parse(run("go", ["mod", "download", "-json", module])) as { readonly Dir: string }).Dir;
}

function toolBinary(name: "helm" | "kubeconform"): string {
  return join(kubernetesTools(), name);
}

/** Helm as if for a cluster of the version that the schemas are of: a build of one's own knows none. */
export function helm(args: readonly string[], cwd: string): Printed {
  const whole = [...args, "--kube-version", VERSION];
  const { status, stdout, stderr } = spawnSync(toolBinary("helm"), whole, { cwd, encoding: "utf8" });
  return { code: status, output: stdout + stderr };
}

/** Checks manifests against the strict schemas of their kinds; a kind without a schema is a fault, unless it is left out. */
export function checkManifests(manifests: string, leftOut: readonly string[]): Printed {
  const location = `${join(kubernetesTools(), "schemas")}/{{ .ResourceKind }}{{ .KindSuffix }}.json`;
  const args = ["-strict", "-summary", "-schema-location", location, "-skip", leftOut.join(","), "-"];
  const { status, stdout, stderr } = spawnSync(toolBinary("kubeconform"), args, {
    input: manifests,
    encoding: "utf8",
  });
  return { code: status, output: stdout + stderr };
}
