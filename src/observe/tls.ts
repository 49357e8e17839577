import type { TlsEvent } from "../tls/event.ts";
import type { Logger } from "./log/logger.ts";

/** Logs what became of the certificate of the HTTP server. */
export function logTls(log: Logger): (event: TlsEvent) => void {
  return (event) => {
    switch (event.kind) {
      case "tls-shown":
        return log.write("tls.shown", {
          "sigma.certificate.names": event.names,
          "sigma.certificate.ends": timeOf(event.endsMs),
        });
      case "tls-refused": {
        const remedy = "write a certificate and its key that belong together; the files are looked at again";
        return log.write("tls.refused", { "sigma.why": event.why, "sigma.remedy": remedy });
      }
      case "tls-expiring":
        return log.write("tls.expiring", {
          "sigma.certificate.ends": timeOf(event.endsMs),
          "sigma.certificate.days_left": Math.max(0, event.leftDays),
          "sigma.remedy": "put a new certificate and its key into their files; no restart is needed",
        });
    }
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
