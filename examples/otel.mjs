// Loads OpenTelemetry's SDK for traces, before anything else: node --import ./otel.mjs ..., or NODE_OPTIONS="--import ./otel.mjs" sigma start
// npm install @opentelemetry/api @opentelemetry/sdk-trace @opentelemetry/resources @opentelemetry/exporter-trace-otlp-http
// It reads OTEL_EXPORTER_OTLP_ENDPOINT (http://localhost:4318 when absent), OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES.
import { trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, ParentBasedSampler, AlwaysOnSampler, TracerProvider } from "@opentelemetry/sdk-trace";

const provider = new TracerProvider({
  resource: defaultResource()
    .merge(resourceFromAttributes({ "service.name": process.env.OTEL_SERVICE_NAME ?? "sigma-aetl" }))
    .merge(detectResources({ detectors: [envDetector] })),
  sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
});
trace.setGlobalTracerProvider(provider);

// The gateway comes to rest by itself on SIGTERM. What is not sent yet is sent then.
process.once("beforeExit", () => void provider.shutdown());
