import type { Family } from "./family.ts";
import { protobufPage } from "./protobuf.ts";
import { textPage } from "./text.ts";

/** A page of metrics as it is sent. */
export type MetricsPage = { readonly contentType: string; readonly body: string | Uint8Array };

type Format = { readonly type: string; readonly contentType: string; readonly matches: RegExp };

/** The formats, the one for a collector that does not care first. */
const FORMATS = {
  text: {
    type: "text/plain",
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    matches: /^(?!.*version=(?!0\.0\.4)).*$/,
  },
  openmetrics: {
    type: "application/openmetrics-text",
    contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8",
    matches: /^(?!.*version=(?!1\.0\.0)).*$/,
  },
  protobuf: {
    type: "application/vnd.google.protobuf",
    contentType: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
    matches: /^.*proto=io\.prometheus\.client\.metricfamily.*encoding=delimited.*$/,
  },
} as const satisfies Record<string, Format>;

/** Writes a page in the format that a collector likes best (RFC 9110, 12.5.1); the text format where it says nothing. */
export function metricsPage(families: readonly Family[], accept: string | undefined): MetricsPage {
  const format = preferred(accept ?? "");
  const { contentType } = FORMATS[format];
  const body = format === "protobuf" ? protobufPage(families) : textPage(families, format);
  return { contentType, body };
}

function preferred(accept: string): keyof typeof FORMATS {
  let best: { readonly format: keyof typeof FORMATS; readonly quality: number } = { format: "text", quality: 0 };
  for (const part of accept.toLowerCase().replaceAll(" ", "").split(",")) {
    const [type = "", ...parameters] = part.split(";");
    const quality = Number(parameters.find((one) => one.startsWith("q="))?.slice(2) ?? "1");
    const terms = parameters.join(";");
    for (const [format, { type: own, matches }] of Object.entries(FORMATS)) {
      if (type === own && quality > best.quality && matches.test(terms))
        best = { format: format as keyof typeof FORMATS, quality };
    }
  }
  return best.format;
}
