import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from "jose";

/** What the discovery document of a provider says (OpenID Connect Discovery 1.0). */
type Discovered = {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly endSessionEndpoint: string | null;
  readonly keys: JWTVerifyGetKey;
};

/** The provider cannot be asked now. It is no word on who somebody is. */
export type ProviderAway = { readonly kind: "away"; readonly why: string };

export type Claims =
  | { readonly kind: "claims"; readonly claims: JWTPayload }
  | { readonly kind: "refused"; readonly why: string }
  | ProviderAway;

/** What is asked of a provider. */
export type Provider = {
  readonly discovered: () => Promise<Discovered | ProviderAway>;
  /** Judges a signed token: its signature by a key that the provider publishes, issuer, audience, and times. */
  readonly verify: (token: string, audience: string) => Promise<Claims>;
};

/** Signatures with a pair of keys alone: with a shared secret whoever judges a token could make one, and `none` is no signature. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

const ANSWER_MS = 5_000;
/** How long keys are used without asking anew, and how often at most a token with an unknown key makes the provider be asked. */
const KEYS = { timeoutDuration: ANSWER_MS, cacheMaxAge: 600_000, cooldownDuration: 10_000 } as const;
/** How soon a provider that could not be asked is asked again. */
const AGAIN_MS = 2_000;

type Options = { readonly issuer: string; readonly clockSkewSeconds: number; readonly now: () => number };

/** A provider, discovered when it is first needed: it may be away when the gateway starts. */
export function createProvider({ issuer, clockSkewSeconds, now }: Options): Provider {
  let found: Discovered | null = null;
  let asking: Promise<Discovered | ProviderAway> | null = null;
  let away: { readonly said: ProviderAway; readonly atMs: number } | null = null;
  const ask = async (): Promise<Discovered | ProviderAway> => {
    const answer = await discover(issuer);
    if ("kind" in answer) away = { said: answer, atMs: now() };
    else found = answer;
    return answer;
  };
  const discovered: Provider["discovered"] = async () => {
    if (found !== null) return found;
    if (away !== null && now() - away.atMs < AGAIN_MS) return away.said;
    asking ??= ask().finally(() => (asking = null));
    return asking;
  };
  return {
    discovered,
    verify: async (token, audience) => {
      const provider = await discovered();
      if ("kind" in provider) return provider;
      try {
        const { payload } = await jwtVerify(token, provider.keys, {
          issuer,
          audience,
          algorithms: ALGORITHMS,
          clockTolerance: clockSkewSeconds,
          requiredClaims: ["sub", "exp", "iat"],
          currentDate: new Date(now()),
        });
        return { kind: "claims", claims: payload };
      } catch (error) {
        return refusalOf(error);
      }
    },
  };
}

function refusalOf(error: unknown): Exclude<Claims, { readonly kind: "claims" }> {
  if (error instanceof errors.JWTExpired) return { kind: "refused", why: "expired" };
  const isAway =
    error instanceof errors.JWKSTimeout ||
    !(error instanceof errors.JOSEError) ||
    // The set of keys was not answered with 200.
    error.code === "ERR_JOSE_GENERIC";
  if (isAway) return { kind: "away", why: `its keys cannot be read: ${reasonOf(error as Error)}` };
  return { kind: "refused", why: error.message };
}

async function discover(issuer: string): Promise<Discovered | ProviderAway> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS), redirect: "error" });
    if (!answer.ok) return { kind: "away", why: `${url} answered ${answer.status}` };
    return read((await answer.json()) as Readonly<Record<string, unknown>>, issuer);
  } catch (error) {
    return { kind: "away", why: `${url} did not answer: ${reasonOf(error as Error)}` };
  }
}

/** Why a request failed: `fetch failed` alone says nothing; its cause has the system's code, as ECONNREFUSED, or says what is wrong with a certificate. */
function reasonOf(error: Error): string {
  const cause = error.cause as (Error & { readonly code?: string }) | undefined;
  return cause === undefined ? error.message : (cause.code ?? cause.message);
}

function read(document: Readonly<Record<string, unknown>>, issuer: string): Discovered | ProviderAway {
  // Another issuer in the document means that it speaks of somebody else (Discovery, 4.3).
  if (document["issuer"] !== issuer)
    return { kind: "away", why: `its discovery document names another issuer than oidc.issuer, which is ${issuer}` };
  const urls = ["authorization_endpoint", "token_endpoint", "jwks_uri"].map((name) => document[name]);
  const [authorizationEndpoint, tokenEndpoint, jwksUri] = urls.map((url) => (isLike(url, issuer) ? url : null));
  if (typeof authorizationEndpoint !== "string" || typeof tokenEndpoint !== "string" || typeof jwksUri !== "string")
    return { kind: "away", why: "its discovery document lacks an address, or has one without TLS" };
  const end = document["end_session_endpoint"];
  const keys = createRemoteJWKSet(new URL(jwksUri), KEYS);
  return { authorizationEndpoint, tokenEndpoint, endSessionEndpoint: isLike(end, issuer) ? end : null, keys };
}

/** Whether a value is a URL that is as safe as the issuer's: nobody on the way may put keys of their own into the answer. */
function isLike(url: unknown, issuer: string): url is string {
  if (typeof url !== "string" || !URL.canParse(url)) return false;
  return new URL(url).protocol === "https:" || new URL(url).origin === new URL(issuer).origin;
}
