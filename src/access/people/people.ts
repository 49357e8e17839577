import { createHash, randomBytes } from "node:crypto";
import type { Authenticated, Principal } from "../principal.ts";
import type { Role } from "../roles.ts";
import { EVERYTHING } from "../scope.ts";
import { createProvider, type ProviderAway } from "./provider.ts";
import { createSeal, isSame, judgeSession, type Limits, type Session } from "./session.ts";

/** How people are known: config/oidc-config.ts says what the settings are. */
export type PeopleOptions = {
  readonly issuer: string;
  readonly audience: string | null;
  readonly client: { readonly id: string; readonly secret: string | null; readonly redirectUrl: string } | null;
  readonly groupsClaim: string;
  /** Groups, each with its role. */
  readonly roles: readonly (readonly [group: string, role: Role])[];
  readonly clockSkewSeconds: number;
  readonly session: Limits;
  readonly now: () => number;
};

/** An outcome of a sign-in. */
export type SignIn =
  | { readonly kind: "in"; readonly session: string; readonly to: string }
  /** `why` is for people, and holds nothing secret. */
  | { readonly kind: "refused"; readonly why: string }
  | ProviderAway;

/** Who is in by a session. `renewed`: the text that takes the place of the session's; null: it stays. */
export type SignedIn =
  | {
      readonly kind: "in";
      readonly who: Principal;
      readonly csrf: string;
      readonly endsMs: number;
      readonly renewed: string | null;
    }
  | { readonly kind: "ended" };

/** People whom a provider vouches for. */
export type People = {
  /** Judges an access token. Null: such tokens are not taken. */
  readonly byToken: ((token: string) => Promise<Authenticated>) | null;
  /** Signing in with a browser; null: nobody does. */
  readonly browser: {
    /** Whether cookies go over TLS alone. */
    readonly isSecure: boolean;
    /** @param to the path that is shown afterwards. */
    readonly begin: (to: string) => Promise<{ readonly url: string; readonly attempt: string } | ProviderAway>;
    readonly finish: (attempt: string | null, answer: URLSearchParams) => Promise<SignIn>;
    readonly read: (session: string) => Promise<SignedIn>;
    readonly isCsrf: (signed: Extract<SignedIn, { readonly kind: "in" }>, token: string) => boolean;
  } | null;
};

/** An attempt to sign in takes no longer. */
const ATTEMPT_MS = 600_000;

export function openPeople(options: PeopleOptions): People {
  const { audience, client, now } = options;
  const provider = createProvider(options);
  const browser = client === null ? null : browserOf(options, client, provider, now);
  if (audience === null) return { byToken: null, browser };
  const byToken = async (token: string): Promise<Authenticated> => {
    const judged = await provider.verify(token, audience);
    if (judged.kind === "away") return judged;
    if (judged.kind === "refused")
      return judged.why === "expired" ? { kind: "ended", state: "expired" } : { kind: "unknown" };
    const { sub = "" } = judged.claims;
    return { kind: "known", who: personOf(sub, nameIn(judged.claims, sub), rolesIn(judged.claims, options)) };
  };
  return { byToken, browser };
}

type Client = NonNullable<PeopleOptions["client"]>;
type ClaimSet = Readonly<Record<string, unknown>>;

function browserOf(
  options: PeopleOptions,
  client: Client,
  provider: ReturnType<typeof createProvider>,
  now: () => number,
): People["browser"] {
  const seal = createSeal(client.secret ?? randomBytes(32));
  const { session: limits } = options;
  return {
    isSecure: client.redirectUrl.startsWith("https:"),
    begin: async (to) => {
      const found = await provider.discovered();
      if ("kind" in found) return found;
      const [state, nonce, verifier] = [random(), random(), random()];
      const url = new URL(found.authorizationEndpoint);
      const asked = {
        response_type: "code",
        client_id: client.id,
        redirect_uri: client.redirectUrl,
        scope: "openid profile email groups",
        state,
        nonce,
        code_challenge: createHash("sha256").update(verifier).digest("base64url"),
        code_challenge_method: "S256",
      };
      for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
      const attempt = await seal.close("attempt", { state, nonce, verifier, to, atMs: now() });
      return { url: url.href, attempt };
    },
    finish: async (attempt, answer) => {
      const begun = attempt === null ? null : await seal.open("attempt", attempt);
      if (begun === null || now() - Number(begun["atMs"]) > ATTEMPT_MS)
        return { kind: "refused", why: "The sign-in was not begun in this browser, or took too long" };
      if (!isSame(answer.get("state") ?? "", String(begun["state"])))
        return { kind: "refused", why: "The answer belongs to another sign-in" };
      const code = answer.get("code");
      if (code === null) return { kind: "refused", why: "The provider refused the sign-in" };
      const token = await tokenFor(provider, client, code, String(begun["verifier"]));
      if (typeof token !== "string") return token;
      const judged = await provider.verify(token, client.id);
      if (judged.kind === "away") return judged;
      if (judged.kind === "refused" || judged.claims["nonce"] !== begun["nonce"])
        return { kind: "refused", why: "The provider's token is not valid here" };
      const { sub = "" } = judged.claims;
      const session: Session = {
        id: random(),
        subject: sub,
        name: nameIn(judged.claims, sub),
        roles: rolesIn(judged.claims, options),
        beganMs: now(),
        usedMs: now(),
      };
      return { kind: "in", session: await seal.close("session", session), to: String(begun["to"]) };
    },
    read: async (text) => {
      const opened = await seal.open("session", text);
      if (opened === null) return { kind: "ended" };
      const session = opened as unknown as Session;
      const state = judgeSession(session, limits, now());
      if (state.kind === "ended") return state;
      const renewed = state.kind === "renew" ? await seal.close("session", state.session) : null;
      const { subject, name, roles, beganMs } = session;
      const endsMs = Math.min(beganMs + limits.absoluteMs, now() + limits.idleMs);
      return { kind: "in", who: personOf(subject, name, roles), csrf: seal.csrfOf(session), endsMs, renewed };
    },
    isCsrf: ({ csrf }, token) => isSame(csrf, token),
  };
}

/** Exchanges a code for the ID token (RFC 6749 4.1.3, with PKCE of RFC 7636). */
async function tokenFor(
  provider: ReturnType<typeof createProvider>,
  client: Client,
  code: string,
  verifier: string,
): Promise<string | Exclude<SignIn, { readonly kind: "in" }>> {
  const found = await provider.discovered();
  if ("kind" in found) return found;
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: client.redirectUrl,
    code_verifier: verifier,
    ...(client.secret === null ? { client_id: client.id } : {}),
  });
  const basic = `${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret ?? "")}`;
  const headers = client.secret === null ? {} : { authorization: `Basic ${Buffer.from(basic).toString("base64")}` };
  try {
    const signal = AbortSignal.timeout(5_000);
    const answer = await fetch(found.tokenEndpoint, { method: "POST", body, headers, signal, redirect: "error" });
    if (answer.status >= 500) return { kind: "away", why: `its token endpoint answered ${answer.status}` };
    const { id_token: token } = (await answer.json()) as { readonly id_token?: unknown };
    return typeof token === "string" ? token : { kind: "refused", why: "The provider gave no token for the code" };
  } catch (error) {
    return { kind: "away", why: `its token endpoint did not answer: ${(error as Error).message}` };
  }
}

function personOf(id: string, name: string, roles: readonly Role[]): Principal {
  return { kind: "person", id, name, roles, scope: EVERYTHING };
}

/** What people call somebody: the first claim that says it. It is written into the operator log beside the subject. */
function nameIn(claims: ClaimSet, subject: string): string {
  const said = ["email", "preferred_username", "name"].map((claim) => claims[claim]);
  const name = said.find((one) => typeof one === "string" && /^\P{C}{1,100}$/u.test(one));
  return typeof name === "string" ? name : subject.slice(0, 100).replaceAll(/\p{C}/gu, "?");
}

/** The roles of somebody's groups. */
function rolesIn(
  claims: ClaimSet,
  { groupsClaim, roles }: Pick<PeopleOptions, "groupsClaim" | "roles">,
): readonly Role[] {
  const groups = [claims[groupsClaim]].flat();
  return [...new Set(roles.filter(([group]) => groups.includes(group)).map(([, role]) => role))];
}

function random(): string {
  return randomBytes(32).toString("base64url");
}
