import { expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";

const SOUND = {
  SIGMA_OIDC_ISSUER: "https://login.example.com",
  SIGMA_OIDC_CLIENT_ID: "gateway",
  SIGMA_OIDC_REDIRECT_URL: "https://gateway.example.com/auth/callback",
  SIGMA_OIDC_ROLES: "on-call=operator, all of us=viewer",
};

const read = async (env: Readonly<Record<string, string | undefined>>) =>
  readConfig({ flags: new Map(), env: { ...SOUND, ...env }, file: null });

test("groups have roles, and a client that signs people in has an address to come back to", async () => {
  const result = await read({});
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  const { oidc } = result.config;
  expect(oidc).toMatchObject({
    client: { id: "gateway", secret: null },
    audience: null,
    session: { idleMs: 1_800_000, absoluteMs: 28_800_000 },
  });
  expect(oidc?.roles).toEqual([
    ["on-call", "operator"],
    ["all of us", "viewer"],
  ]);
});

test.each([
  ["an issuer that is asked without TLS", { SIGMA_OIDC_ISSUER: "http://login.example.com" }],
  ["a role that there is not", { SIGMA_OIDC_ROLES: "on-call=king" }],
  ["a group without a role", { SIGMA_OIDC_ROLES: "on-call" }],
  ["another path to come back to", { SIGMA_OIDC_REDIRECT_URL: "https://gateway.example.com/" }],
  ["a provider of no use", { SIGMA_OIDC_CLIENT_ID: undefined }],
])("%s is a fault", async (_, env) => {
  const result = await read(env);
  expect(result.ok ? [] : result.faults.map(({ code }) => code)).toEqual(["SIG-S-017"]);
});
