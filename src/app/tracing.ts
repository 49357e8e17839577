import type { Config } from "../config/config.ts";
import type { TraceCall, TraceRequest } from "../core/trace-context.ts";
import type { TraceBatch } from "../gateway/batch-trace.ts";
import type { Logger } from "../observe/log/logger.ts";

/** What traces; empty where traces are off. */
export type Traces = {
  readonly traceBatch?: TraceBatch;
  readonly calls?: { readonly traceCall: TraceCall };
  readonly traceRequest?: TraceRequest;
};

/** Opens the traces. Where they are off nothing is loaded. */
export async function openTraces({ traces, kafka }: Config, version: string, logger: Logger): Promise<Traces> {
  if (!traces) return {};
  const { isRecording, openTracing } = await import("../observe/trace/tracing.ts");
  const { traceBatches } = await import("../observe/trace/batches.ts");
  const { traceCalls, traceRequests } = await import("../observe/trace/http.ts");
  const tracing = await openTracing(version);
  if (!isRecording(tracing)) {
    const remedy = "load an SDK with --import, as docs/traces.md shows, or leave `traces` off";
    logger.write("traces.unheard", { "sigma.remedy": remedy });
  }
  const options = { system: kafka === null ? "sigma" : "kafka", group: kafka?.group ?? null } as const;
  return {
    traceBatch: traceBatches(tracing, options),
    calls: { traceCall: traceCalls(tracing) },
    traceRequest: traceRequests(tracing),
  };
}
