import type { Logger } from "./log/logger.ts";

/** What the HTTP framework wants of a logger. */
export type FrameworkLogger = {
  level: string;
  readonly [method: string]: unknown;
  readonly trace: () => void;
  readonly debug: () => void;
  readonly info: () => void;
  readonly silent: () => void;
  readonly warn: (what: unknown) => void;
  readonly error: (what: unknown) => void;
  readonly fatal: (what: unknown) => void;
  readonly child: () => FrameworkLogger;
};

/**
 * Gives the HTTP framework a logger. Of its lines the names of errors are kept and nothing else: its own words quote URLs and, where
 * JSON cannot be read, the payload.
 */
export function logFramework(log: Logger): FrameworkLogger {
  const nothing = (): void => undefined;
  const trouble = (what: unknown): void => {
    const { code } = (what ?? {}) as { readonly code?: unknown };
    const error = errorIn(what);
    if (error !== null && code === "SIG-H-500") {
      const stack = framesOf(error);
      return log.write("http.bug", {
        "error.type": code,
        "exception.type": error.name,
        "exception.stacktrace": stack,
      });
    }
    const own = error === null ? undefined : (error as NodeJS.ErrnoException).code;
    log.write("http.trouble", { "exception.type": error?.name ?? "none", "error.type": own });
  };
  const logger: FrameworkLogger = {
    level: "warn",
    trace: nothing,
    debug: nothing,
    info: nothing,
    silent: nothing,
    warn: trouble,
    error: trouble,
    fatal: trouble,
    child: () => logger,
  };
  return logger;
}

function errorIn(what: unknown): Error | null {
  if (what instanceof Error) return what;
  const { err } = (what ?? {}) as { readonly err?: unknown };
  return err instanceof Error ? err : null;
}

/** The frames of an error's stack, without its message. None where the message is not in the stack: it was changed later. */
function framesOf({ stack = "", message }: Error): string {
  const begin = stack.indexOf(message);
  if (begin === -1) return "";
  const frames = stack.slice(begin + message.length).split("\n");
  return frames.filter((line) => line.startsWith("    at ")).join("\n");
}
