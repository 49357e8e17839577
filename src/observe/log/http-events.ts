/** Lines of the HTTP server: rows of `LOG_EVENTS`. */
export const HTTP_EVENTS = {
  "key.unnoted": {
    level: "warn",
    message: "when an API key was used could not be noted",
    groups: [],
    fields: ["sigma.why"],
    optional: [],
  },
  "http.open": {
    level: "warn",
    message: "other machines reach the gateway, and nobody needs a key: whoever does may do everything",
    groups: [],
    fields: ["sigma.remedy"],
    optional: [],
  },
  "tls.shown": {
    level: "info",
    message: "new connections are shown this certificate",
    groups: [],
    fields: ["sigma.certificate.names", "sigma.certificate.ends"],
    optional: [],
  },
  "tls.refused": {
    level: "error",
    message: "the changed certificate cannot be used, and the one before goes on",
    groups: [],
    fields: ["sigma.why", "sigma.remedy"],
    optional: [],
  },
  "tls.expiring": {
    level: "warn",
    message: "the certificate of the HTTP server ends soon, or has ended",
    groups: [],
    fields: ["sigma.certificate.ends", "sigma.certificate.days_left", "sigma.remedy"],
    optional: [],
  },
  "http.bug": {
    level: "error",
    message: "a request failed by a bug",
    groups: [],
    fields: ["error.type", "exception.type", "exception.stacktrace"],
    optional: [],
  },
  "http.trouble": {
    level: "warn",
    message: "the HTTP server reports trouble",
    groups: [],
    fields: ["exception.type"],
    optional: ["error.type"],
  },
} as const;
