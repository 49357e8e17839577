/** Who vouches for people: a provider of OpenID Connect. */
export const OIDC_SETTINGS = {
  "oidc.issuer": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "URL of the OpenID Connect provider that vouches for people, as its discovery document has it; without it there are keys alone",
  },
  "oidc.audience": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "The audience that access tokens of the provider must have to be taken; without it tokens are not taken, sign-in only",
  },
  "oidc.client_id": {
    value: { kind: "text" },
    byDefault: "",
    description: "The gateway's client id at the provider, for people who sign in with a browser",
  },
  "oidc.client_secret": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "The secret of the client; sessions are sealed with a key made of it, so that every worker knows them. Without it they end with the process",
    secret: true,
  },
  "oidc.redirect_url": {
    value: { kind: "text" },
    byDefault: "",
    description: "Where the provider sends people back: https://gateway.example.com/auth/callback",
  },
  "oidc.groups_claim": {
    value: { kind: "text" },
    byDefault: "groups",
    description: "The claim that lists the groups of a person",
  },
  "oidc.roles": {
    value: { kind: "texts" },
    byDefault: "",
    description:
      "The roles of groups, separated by commas, as in platform=admin,on-call=operator,everybody=viewer; who is in none of them may do nothing",
  },
  "oidc.clock_skew_seconds": {
    value: { kind: "integer", min: 0, max: 300 },
    byDefault: 30,
    description: "How far the provider's clock may differ from the gateway's",
  },
  "oidc.session_idle_minutes": {
    value: { kind: "integer", min: 1, max: 1_440 },
    byDefault: 30,
    description: "A session ends when it is not used for so long",
  },
  "oidc.session_hours": {
    value: { kind: "integer", min: 1, max: 168 },
    byDefault: 8,
    description:
      "A session ends after so long, however much it is used: then the provider is asked for the groups again",
  },
} as const;
