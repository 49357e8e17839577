import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";

// Files that exist; what is in them is judged at the start.
const FILE = import.meta.filename;
const SOUND = { SIGMA_HTTP_TLS_CERT_FILE: FILE, SIGMA_HTTP_TLS_KEY_FILE: FILE };
const MUTUAL = { ...SOUND, SIGMA_HTTP_TLS_CLIENT_CA_FILE: FILE };

const read = async (env: Readonly<Record<string, string | undefined>>) =>
  readConfig({ flags: new Map(), env, file: null });

async function tlsOf(env: Readonly<Record<string, string | undefined>>) {
  const result = await read(env);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.config.http.tls;
}

test("without a certificate the server speaks plain HTTP; with one its files are looked at every five seconds", async () => {
  expect(await tlsOf({})).toBeNull();
  expect(await tlsOf(SOUND)).toEqual({
    files: { certFile: FILE, keyFile: FILE, passphrase: null, clientCaFile: null },
    isClientRequired: false,
    clientRoles: [],
    reloadMs: 5_000,
    hstsSeconds: 365 * 86_400,
  });
});

test("names of certificates have roles, and topics they are limited to; a bare name is the common name", async () => {
  const roles =
    "till-7=producer+validator/orders+returns, uri:spiffe://example.com/a?b=c=operator, dns:a.example.com=viewer, The Admin=admin";
  expect((await tlsOf({ ...MUTUAL, SIGMA_HTTP_TLS_CLIENT_ROLES: roles }))?.clientRoles).toEqual([
    { name: "cn:till-7", roles: ["producer", "validator"], topics: ["orders", "returns"] },
    { name: "uri:spiffe://example.com/a?b=c", roles: ["operator"], topics: [] },
    { name: "dns:a.example.com", roles: ["viewer"], topics: [] },
    { name: "cn:The Admin", roles: ["admin"], topics: [] },
  ]);
});

describe("is a fault:", () => {
  test.each<readonly [string, Readonly<Record<string, string | undefined>>]>([
    ["a certificate without its key", { SIGMA_HTTP_TLS_CERT_FILE: FILE }],
    ["a key without its certificate", { SIGMA_HTTP_TLS_KEY_FILE: FILE }],
    ["a file that does not exist", { ...SOUND, SIGMA_HTTP_TLS_CERT_FILE: "/nowhere.pem" }],
    ["roles of certificates without an authority", { ...SOUND, SIGMA_HTTP_TLS_CLIENT_ROLES: "a=viewer" }],
    ["certificates that are required without an authority", { ...SOUND, SIGMA_HTTP_TLS_CLIENT_AUTH: "required" }],
    ["a role that there is not", { ...MUTUAL, SIGMA_HTTP_TLS_CLIENT_ROLES: "a=king" }],
    ["a name without a role", { ...MUTUAL, SIGMA_HTTP_TLS_CLIENT_ROLES: "a" }],
    ["a producer that names no topic", { ...MUTUAL, SIGMA_HTTP_TLS_CLIENT_ROLES: "a=producer" }],
    ["a topic without a name", { ...MUTUAL, SIGMA_HTTP_TLS_CLIENT_ROLES: "a=producer/b+" }],
  ])("%s", async (_, env) => {
    const result = await read(env);
    expect(result.ok ? [] : result.faults.map(({ code }) => code)).toEqual(["SIG-S-027"]);
  });
});
