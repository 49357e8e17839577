import type { SettingValue } from "../../src/config/setting-row.ts";
import type { Setting, SettingKey } from "../../src/config/settings.ts";

/** Texts of the settings whose texts are judged by more than their kind. */
const JUDGED: Partial<Record<SettingKey, string>> = {
  role: "console",
  "http.host": "0.0.0.0",
  "http.tls_cert_file": "/dev/null",
  "http.tls_key_file": "/dev/null",
  "http.tls_client_ca_file": "/dev/null",
  "http.tls_client_roles": "till-7=producer/orders",
  "http.cors_origins": "https://app.example.com",
  "oidc.issuer": "https://login.example.com",
  "oidc.redirect_url": "https://gateway.example.com/auth/callback",
  "oidc.roles": "on-call=operator",
  "http.validate_subject": "x@3",
  "diagnosis.url": "http://o:11434",
  "kafka.brokers": "a:1,b:2",
  "kafka.sasl_mechanism": "PLAIN",
  "kafka.tls_ca_file": "/dev/null",
  "kafka.tls_cert_file": "/dev/null",
  "kafka.tls_key_file": "/dev/null",
  "kafka.sasl_password_file": "/dev/null",
  "kafka.sasl_token_file": "/dev/null",
  "registry.url": "http://r:8081",
  "decide.pool": "http://v:8000",
  "shadow.versions": "a@1,b@2",
  "mongodb.uri": "mongodb://h/d",
  "notify.allow_addresses": "10.0.0.0/8",
  "notify.api_url": "https://sigma.example",
  "notify.ca_file": "/dev/null",
  "notify.secrets": `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
  "notify.secrets_file": "/dev/null",
  "worker.lanes": "rest",
  "redact.pointers": "/a,x:/b/*",
  "retention.failed": "90d",
  "retention.receipts": "4w",
  "retention.facts": "5y",
  "retention.facts_collections": "orders=2y,payments=forever",
  "retention.evidence": "1y",
  "retention.collections": "orders=30d,payments=forever",
};

/** A text that an option or a variable gives a setting, and the value that it has then, which is not the default. */
export function sampleOf({ key, value, byDefault }: Setting): { readonly text: string; readonly value: SettingValue } {
  switch (value.kind) {
    case "integer":
    case "bytes": {
      const number = byDefault === value.min ? value.min + 1 : value.min;
      return { text: String(number), value: number };
    }
    case "boolean":
      return { text: byDefault === true ? "false" : "true", value: byDefault !== true };
    case "sources":
      return {
        text: "a=x",
        value: [{ topic: "a", subject: "x", accepts: null, defaultVersion: null, partitions: 1 }],
      };
    case "webhooks":
      return {
        text: "slack=https://hooks.example/a",
        value: [{ url: "https://hooks.example/a", format: "slack", secrets: null, events: null }],
      };
    case "objectives":
      return {
        text: "a-quality=quality:a:99.5%/30d",
        value: [
          {
            name: "a-quality",
            kind: "quality",
            subject: "a",
            targetMillionths: 995_000,
            windowMs: 2_592_000_000,
            withinMs: null,
            place: "environment SIGMA_OBJECTIVES",
          },
        ],
      };
    case "lanes":
      return {
        text: "rest",
        value: [
          {
            name: "rest",
            source: null,
            subject: null,
            versions: null,
            bytesMin: null,
            priorities: null,
            priorityField: null,
            inFlight: null,
            failedPercent: null,
            consecutive: null,
            place: "environment SIGMA_LANES",
          },
        ],
      };
    case "text":
    case "texts":
    case "path":
    case "choice": {
      const text = JUDGED[key] ?? (value.kind === "choice" ? another(value.values, byDefault) : TEXTS[value.kind]);
      return { text, value: text };
    }
  }
}

const TEXTS = { text: "sample", texts: "one,two", path: "/sample" };

function another(values: readonly string[], byDefault: SettingValue): string {
  return values.findLast((one) => one !== byDefault) ?? "";
}
