/** The registry that says what schema ids stand for. */
export const REGISTRY_SETTINGS = {
  "registry.url": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "A registry with Confluent's REST interface that knows the schema ids before payloads, as http://host:8081; empty is none",
  },
  "registry.username": {
    value: { kind: "text" },
    byDefault: "",
    description: "User for the registry",
  },
  "registry.password": {
    value: { kind: "text" },
    byDefault: "",
    description: "Password for the registry",
    secret: true,
  },
  "registry.token": {
    value: { kind: "text" },
    byDefault: "",
    description: "Bearer token for the registry; it goes before a user",
    secret: true,
  },
  "registry.timeout_seconds": {
    value: { kind: "integer", min: 1, max: 60 },
    byDefault: 5,
    description: "How long the registry may take to answer; nothing is decided meanwhile",
  },
  "registry.unknown_seconds": {
    value: { kind: "integer", min: 1, max: 3_600 },
    byDefault: 60,
    description: "How long an id that the registry does not know is not asked again",
  },
} as const;
