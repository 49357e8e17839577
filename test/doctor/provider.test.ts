import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { jsonLines, project, sigma } from "../cli/run.ts";
import { AUDIENCE, CLIENT, startOidc, type OidcServer } from "../servers/oidc.ts";
import { freePorts } from "../servers/ports.ts";

const REDIRECT = "http://127.0.0.1:8000/auth/callback";
const FIX = "check oidc.issuer, the network and the provider; nobody signs in meanwhile";

let oidc: OidcServer;
beforeAll(async () => {
  oidc = await startOidc(REDIRECT);
});
afterAll(async () => oidc.stop());

/** What `sigma doctor` says of a provider, and its exit code. */
async function examined(issuer: string, more: Readonly<Record<string, string>> = {}): Promise<readonly unknown[]> {
  const env = {
    SIGMA_OIDC_ISSUER: issuer,
    SIGMA_OIDC_AUDIENCE: AUDIENCE,
    SIGMA_OIDC_CLIENT_ID: CLIENT.id,
    SIGMA_OIDC_REDIRECT_URL: REDIRECT,
    SIGMA_OIDC_ROLES: "admins=admin",
    ...more,
  };
  const { code, stdout } = await sigma(["doctor", "--port", "0", "--json"], { cwd: project({}), env });
  const [check] = jsonLines(stdout).filter(({ name }) => name === "oidc");
  return [code, check?.["result"], check?.["message"], check?.["fix"]];
}

/** The issuer of a server that answers with a document which names it, and this besides. */
async function answering(more: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer(({ headers }, response) => {
    response.end(JSON.stringify({ issuer: `http://${headers.host}`, ...more }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a provider that answers under the configured name is well, whatever the audience: it tells nobody of audiences", async () => {
  const well = [0, "ok", `${oidc.issuer} answers`, null];
  expect(await examined(oidc.issuer)).toEqual(well);
  expect(await examined(oidc.issuer, { SIGMA_OIDC_AUDIENCE: "urn:other" })).toEqual(well);
});

test("a provider that is not there, or has no discovery document, fails doctor", async () => {
  const [port] = await freePorts(1);
  const away = `http://127.0.0.1:${port}`;
  const document = "/.well-known/openid-configuration";
  const failed = [10, "fail"];
  expect(await examined(away)).toEqual([
    ...failed,
    `${away} cannot be asked: ${away}${document} did not answer: ECONNREFUSED`,
    FIX,
  ]);
  expect(await examined(`${oidc.issuer}/realms/other`)).toEqual([
    ...failed,
    `${oidc.issuer}/realms/other cannot be asked: ${oidc.issuer}/realms/other${document} answered 404`,
    FIX,
  ]);
});

test("a provider that calls itself otherwise fails doctor", async () => {
  const other = oidc.issuer.replace("127.0.0.1", "localhost");
  expect(await examined(other)).toEqual([
    10,
    "fail",
    `${other} cannot be asked: its discovery document names another issuer than oidc.issuer, which is ${other}`,
    FIX,
  ]);
});

test("a document without an address, or with one that others on the way can read, fails doctor", async () => {
  for (const more of [{}, { authorization_endpoint: "http://a", token_endpoint: "http://a", jwks_uri: "http://a" }]) {
    const issuer = await answering(more);
    expect(await examined(issuer)).toEqual([
      10,
      "fail",
      `${issuer} cannot be asked: its discovery document lacks an address, or has one without TLS`,
      FIX,
    ]);
  }
});
