/* oxlint-disable -- a program in plain JavaScript, whose modules are no dependency of ours */
// A real OpenID Connect provider (oidc-provider) with people of its own. The sign-in page asks for a name alone. Two more addresses serve
// tests: POST /test/rotate signs with a new key from now on (?drop=1: the old one is published no more), GET /test/tokens mints an
// access token (user, ttl in seconds, aud, alg=none). Run by oidc.ts, beside the modules that it imports.
import { createServer } from "node:http";
import { generateKeyPair, exportJWK, importJWK, SignJWT } from "jose";
import Provider from "oidc-provider";

const port = Number(process.env.OIDC_PORT ?? 24060);
const issuer = process.env.OIDC_ISSUER ?? `http://127.0.0.1:${port}`;
const clientId = process.env.OIDC_CLIENT_ID ?? "console";
const redirects = (process.env.OIDC_REDIRECTS ?? "http://127.0.0.1:24080/auth/callback").split(",");
const audience = process.env.OIDC_AUDIENCE ?? "urn:gateway:api";
const accessTtl = Number(process.env.OIDC_ACCESS_TTL ?? 300);
const users = new Map(
  (process.env.OIDC_USERS ?? "ada:operator+viewer,bob:viewer").split(",").map((u) => {
    const [name, roles = ""] = u.split(":");
    return [
      name,
      {
        sub: name,
        name,
        email: `${name}@example.test`,
        email_verified: true,
        groups: roles.split("+").filter(Boolean),
      },
    ];
  }),
);

let serial = 0;
async function newKey() {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: `key-${++serial}`, use: "sig", alg: "RS256" };
}
let keys = [await newKey()];
let provider, handler;

// One store for all keys' lifetimes: a rotation builds a new provider, and sessions and grants live on.
const store = new Map();
class Memory {
  constructor(name) {
    this.name = name;
  }
  #live(key) {
    const found = store.get(key);
    if (found && found.until < Date.now()) {
      store.delete(key);
      return undefined;
    }
    return found?.payload;
  }
  #by(field, value) {
    for (const [k] of store) {
      const p = this.#live(k);
      if (k.startsWith(`${this.name}:`) && p?.[field] === value) return p;
    }
  }
  async upsert(id, payload, expiresIn) {
    store.set(`${this.name}:${id}`, { payload, until: expiresIn ? Date.now() + expiresIn * 1000 : Infinity });
  }
  async find(id) {
    return this.#live(`${this.name}:${id}`);
  }
  async findByUid(uid) {
    return this.#by("uid", uid);
  }
  async findByUserCode(code) {
    return this.#by("userCode", code);
  }
  async consume(id) {
    const p = this.#live(`${this.name}:${id}`);
    if (p) p.consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    store.delete(`${this.name}:${id}`);
  }
  async revokeByGrantId(grantId) {
    for (const [k, v] of store) if (v.payload.grantId === grantId) store.delete(k);
  }
}

function build() {
  provider = new Provider(issuer, {
    adapter: Memory,
    jwks: { keys },
    cookies: { keys: ["test-only"] },
    clients: [
      {
        client_id: clientId,
        client_secret: "console-secret",
        redirect_uris: redirects,
        response_types: ["code"],
        grant_types: ["authorization_code", "refresh_token"],
        post_logout_redirect_uris: redirects.map((r) => new URL("/", r).href),
      },
      {
        client_id: "machine",
        client_secret: "machine-secret",
        redirect_uris: [],
        response_types: [],
        grant_types: ["client_credentials"],
      },
    ],
    claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"], groups: ["groups"] },
    scopes: ["openid", "profile", "email", "groups", "offline_access"],
    conformIdTokenClaims: false, // claims also in the ID token, as most vendors do
    pkce: { required: () => true },
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    ttl: {
      AccessToken: accessTtl,
      ClientCredentials: accessTtl,
      IdToken: accessTtl,
      Session: 3600,
      Grant: 3600,
      Interaction: 600,
      RefreshToken: 3600,
    },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => users.get(id) ?? { sub: id, groups: [] } }),
    extraTokenClaims: (_ctx, token) => ({
      groups: users.get(token.accountId)?.groups ?? (token.clientId === "machine" ? ["operator"] : []),
    }),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: async (ctx) => {
      const known = ctx.oidc.session.grantIdFor(ctx.oidc.client.clientId);
      if (known) return ctx.oidc.provider.Grant.find(known);
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope("openid profile email groups offline_access");
      grant.addResourceScope(audience, "openid profile email groups");
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      introspection: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, uri) => ({
          scope: "openid profile email groups",
          audience: uri,
          accessTokenFormat: "jwt",
          accessTokenTTL: accessTtl,
        }),
      },
    },
  });
  provider.on("server_error", (_ctx, error) => console.error(error));
  handler = provider.callback();
}
build();

createServer(async (req, res) => {
  const url = new URL(req.url, issuer);
  const json = (status, body) => {
    res.writeHead(status, { "content-type": "application/json" });
    res.end(JSON.stringify(body));
  };
  if (url.pathname === "/test/rotate" && req.method === "POST") {
    keys = url.searchParams.has("drop") ? [await newKey()] : [await newKey(), ...keys];
    build();
    return json(200, { kids: keys.map((k) => k.kid) });
  }
  if (url.pathname === "/test/tokens") {
    const user = url.searchParams.get("user") ?? [...users.keys()][0];
    if (url.searchParams.get("alg") === "none") {
      const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const claims = { iss: issuer, sub: user, aud: audience, groups: ["admins"], iat: 1, exp: 9_999_999_999 };
      return json(200, { access_token: `${part({ alg: "none" })}.${part(claims)}.` });
    }
    const now = Math.floor(Date.now() / 1000),
      ttl = Number(url.searchParams.get("ttl") ?? accessTtl);
    const token = await new SignJWT({ groups: users.get(user)?.groups ?? [], client_id: clientId, scope: "openid" })
      .setProtectedHeader({ alg: "RS256", kid: keys[0].kid, typ: "at+jwt" })
      .setIssuer(issuer)
      .setSubject(user)
      .setAudience(url.searchParams.get("aud") ?? audience)
      .setIssuedAt(now)
      .setExpirationTime(now + ttl)
      .setJti(`t${++serial}`)
      .sign(await importJWK(keys[0], "RS256"));
    return json(200, { access_token: token });
  }
  if (url.pathname.startsWith("/interaction/")) {
    try {
      if (req.method === "POST") {
        let body = "";
        for await (const chunk of req) body += chunk;
        const form = new URLSearchParams(body);
        if (form.has("cancel"))
          return await provider.interactionFinished(req, res, {
            error: "access_denied",
            error_description: "the user cancelled",
          });
        if (users.has(form.get("login")))
          return await provider.interactionFinished(req, res, { login: { accountId: form.get("login") } });
      }
      const { prompt } = await provider.interactionDetails(req, res);
      if (prompt.name === "consent")
        return await provider.interactionFinished(req, res, { consent: {} }, { mergeWithLastSubmission: true });
      res.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      return res.end(`<!doctype html><html lang="en"><title>Sign in</title><form method="post"><label>Name <input name="login" autofocus></label>
        <button>Sign in</button> <button name="cancel" value="1">Cancel</button></form></html>`);
    } catch (error) {
      return json(400, { error: error.name, detail: error.message });
    }
  }
  handler(req, res);
}).listen(port, "127.0.0.1", () => console.log(`ready ${issuer}`));
