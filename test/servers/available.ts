import { apicurioHome } from "./apicurio.ts";
import { run } from "./cache.ts";
import { chromiumBinary } from "./chromium.ts";
import { preparedKafka } from "./kafka.ts";
import { kubernetesTools } from "./kubernetes.ts";
import { mongodBinary } from "./mongodb.ts";
import { otelcolBinary } from "./otelcol.ts";
import { ollamaBinary } from "./ollama.ts";
import { mountReadOnly } from "./read-only-mount.ts";
import { checkWithPromtool, prometheusBinary } from "./prometheus.ts";
import { oidcProviderHome } from "./oidc.ts";
import { runPython } from "./python.ts";
import { serializerLibrary } from "./serializer.ts";
import { mountSmallDisk } from "./small-disk.ts";

/** What a test file may start that is not ours. A file needs it that imports `module`, itself or by way of others. */
export type RealServer = {
  readonly name: string;
  readonly module: string;
  /** For whom it cannot be had: what is missing. */
  readonly needs: string;
  /** Makes sure that it can be started here, for ever. @throws when it cannot. */
  readonly bring: () => unknown;
};

/** Every real server of the tests. No other module runs one: a test says so. */
export const SERVERS: readonly RealServer[] = [
  {
    name: "Kafka",
    module: "test/servers/kafka.ts",
    needs: "a JDK and Maven",
    bring: () => {
      run("java", ["-version"]);
      preparedKafka();
    },
  },
  {
    name: "MongoDB",
    module: "test/servers/mongodb.ts",
    needs: "Linux on x86-64 and Python with pip",
    bring: () => {
      if (process.platform !== "linux" || process.arch !== "x64")
        throw new Error("there is no mongod for this machine");
      run(mongodBinary(), ["--version"]);
    },
  },
  {
    name: "client of a schema registry",
    module: "test/servers/serializer.ts",
    needs: "Python with pip",
    bring: serializerLibrary,
  },
  {
    name: "Python",
    module: "test/servers/python.ts",
    needs: "Python 3",
    bring: () => runPython("", new Uint8Array()),
  },
  {
    name: "Ollama",
    module: "test/servers/ollama.ts",
    needs:
      "a C++ compiler, Go or Python with pip, and apt-get or the headers of nlohmann-json and stb; minutes the first time",
    bring: () => run(ollamaBinary(), ["--version"]),
  },
  {
    name: "small disk",
    module: "test/servers/small-disk.ts",
    needs: "the right to mount a tmpfs",
    bring: () => mountSmallDisk().remove(),
  },
  {
    name: "read-only mount",
    module: "test/servers/read-only-mount.ts",
    needs: "the right to mount a directory",
    bring: () => mountReadOnly(import.meta.dirname).remove(),
  },
  {
    name: "Chromium",
    module: "test/servers/chromium.ts",
    needs: "Chromium or Chrome",
    bring: () => run(chromiumBinary(), ["--version"]),
  },
  {
    name: "Prometheus",
    module: "test/servers/prometheus.ts",
    needs: "Prometheus and promtool (Debian: prometheus), or PROMETHEUS and PROMTOOL that name them",
    bring: () => {
      run(prometheusBinary(), ["--version"]);
      checkWithPromtool(["--version"], import.meta.dirname);
    },
  },
  {
    name: "OpenTelemetry Collector",
    module: "test/servers/otelcol.ts",
    needs: "Go 1.26",
    bring: () => run(otelcolBinary(), ["--version"]),
  },
  {
    name: "Helm and kubeconform",
    module: "test/servers/kubernetes.ts",
    needs: "Go 1.26",
    bring: kubernetesTools,
  },
  {
    name: "OpenID Connect provider",
    module: "test/servers/oidc.ts",
    needs: "npm and its registry",
    bring: oidcProviderHome,
  },
  { name: "schema registry", module: "test/servers/apicurio.ts", needs: "a JDK and Maven", bring: apicurioHome },
];

/** A file that imports one of these, itself or by way of others, starts our own program as a process, again and again. */
export const PROCESSES: readonly string[] = ["test/cli/run.ts", "test/e2e/process.ts", "test/soak/gateway.ts"];

/**
 * What imports neither and is long all the same: its many thousands of random cases, or processes of its own making. A path
 * is a file, or a folder with everything in it.
 */
export const LONG: readonly string[] = [
  "test/bench.test.ts",
  "test/cli/contract.test.ts",
  "test/inclusion",
  "test/core/payload.test.ts",
  "test/core/rules",
  "test/erase/kill.test.ts",
  "test/fuzz",
  "test/json",
  "test/schema/formats/oracle.test.ts",
  "test/simulation",
  "test/store/sqlite/layouts.test.ts",
];
