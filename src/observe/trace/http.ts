import { formatTraceparent, type RequestTrace, type TraceCall, type TraceRequest } from "../../core/trace-context.ts";
import { contextOf, parentOf, type Tracing } from "./tracing.ts";

/** Spans of the kind SERVER, by the semantic conventions for HTTP: `POST /v1/events/:topic`. */
export function traceRequests(tracing: Tracing): TraceRequest {
  const { api, tracer } = tracing;
  return ({ method, route, traceparent }) => {
    const name = route === null ? method : `${method} ${route}`;
    const attributes = { "http.request.method": method, ...(route === null ? {} : { "http.route": route }) };
    const options = { kind: api.SpanKind.SERVER, attributes };
    return begun(tracing, tracer.startSpan(name, options, parentOf(tracing, traceparent)), 500);
  };
}

/** Spans of the kind CLIENT: of webhooks that are told. */
export function traceCalls(tracing: Tracing): TraceCall {
  const { api, tracer } = tracing;
  return (method, host) => {
    const attributes = { "http.request.method": method, "server.address": host };
    const options = { kind: api.SpanKind.CLIENT, attributes, root: true };
    return begun(tracing, tracer.startSpan(method, options, api.ROOT_CONTEXT), 400);
  };
}

/** @param errorFrom the least status that is an error of the span: a server's answer 404 is none of its own. */
function begun(tracing: Tracing, span: ReturnType<Tracing["tracer"]["startSpan"]>, errorFrom: number): RequestTrace {
  const context = contextOf(tracing, span);
  return {
    traceparent: context === null ? null : formatTraceparent(context),
    end: (status) => {
      if (status !== null) span.setAttribute("http.response.status_code", status);
      if (status === null || status >= errorFrom) {
        span.setAttribute("error.type", status === null ? "no_answer" : String(status));
        span.setStatus({ code: tracing.api.SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}
