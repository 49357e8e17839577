import type { DiagnosisEvent } from "../diagnosis/event.ts";
import type { Logger } from "./log/logger.ts";

/** Logs what became of questions to a language model. No line has a word of a question or an answer. */
export function logDiagnosis(log: Logger): (event: DiagnosisEvent) => void {
  return (event) => {
    switch (event.kind) {
      case "diagnosis-done":
        return log.write("diagnosis.done", { ...aboutOf(event), "sigma.confidence": event.confidence });
      case "diagnosis-failed": {
        const { code, message, remedy } = event;
        const fields = { ...aboutOf(event), "error.type": code, "sigma.remedy": remedy };
        return log.write("diagnosis.failed", fields, message);
      }
      case "diagnosis-paused": {
        const retryMs = Math.max(0, Math.round(event.retryInMs));
        return log.write("diagnosis.paused", { "sigma.why": event.message, "sigma.retry_ms": retryMs });
      }
      case "diagnosis-capped": {
        const remedy = "wait until tomorrow (UTC), or raise diagnosis.daily_cap";
        return log.write("diagnosis.capped", { "sigma.count": event.waiting, "sigma.remedy": remedy });
      }
      case "diagnosis-dropped":
        return log.write("diagnosis.dropped", { "sigma.count": event.count });
      case "diagnosis-broken": {
        const { fingerprint, name, where } = event;
        const bug = { "exception.type": name, "exception.stacktrace": where };
        return log.write("diagnosis.broken", { "sigma.fingerprint": fingerprint, ...bug });
      }
    }
  };
}

function aboutOf(event: { readonly fingerprint: string; readonly model: string; readonly durationMs: number }) {
  const { fingerprint, model, durationMs } = event;
  return { "sigma.fingerprint": fingerprint, "sigma.model": model, "sigma.duration_ms": durationMs };
}
