import { request as requestHttp, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { ClassifyAddress } from "./address.ts";

/** An address of a host, as `dns.lookup` answers it. */
export type HostAddress = { readonly address: string; readonly family: number };

export type PostDeps = {
  readonly classify: ClassifyAddress;
  /** All addresses of a host name. Rejects with a `code` when it has none. */
  readonly resolve: (host: string) => Promise<readonly HostAddress[]>;
  /** Certificates of authorities in PEM, in place of those that Node trusts; null: those. */
  readonly ca: string | null;
  /** Limit of one attempt, from looking the host up to the end of the answer, in milliseconds. */
  readonly timeoutMs: number;
};

export type Post = {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/**
 * What became of an attempt. `retryAfter`: the header as it came. `refused`: nothing was sent, as the address is not one to send to.
 */
export type Posted =
  | { readonly kind: "answered"; readonly status: number; readonly retryAfter: string | null }
  | { readonly kind: "failed"; readonly why: string }
  | { readonly kind: "refused"; readonly why: string };

/** What is read of an answer's body before the connection is closed. */
const ANSWER_BYTES_MAX = 65_536;

/**
 * Posts once. The host is looked up once, its addresses are judged, and the connection goes to one of those that were judged: a name
 * that answers another address a moment later (DNS rebinding) changes nothing. Redirects are not followed, proxies of the
 * environment not used, and certificates always verified.
 */
export async function post(deps: PostDeps, { url, headers, body }: Post, signal: AbortSignal): Promise<Posted> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(deps.timeoutMs)]);
  try {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const found = await unlessAborted(addressesOf(deps, host), limit);
    const usable = found.filter(({ address }) => isUsable(deps.classify(address), url.protocol));
    if (usable.length === 0) return { kind: "refused", why: describeRefusal(deps, url, found) };
    const answer = await exchange(url, host, usable, { headers, body, ca: deps.ca, signal: limit });
    return { kind: "answered", status: answer.statusCode ?? 0, retryAfter: answer.headers["retry-after"] ?? null };
  } catch (error) {
    return { kind: "failed", why: describeError(error as NodeJS.ErrnoException, limit, deps.timeoutMs) };
  }
}

async function addressesOf({ resolve }: PostDeps, host: string): Promise<readonly HostAddress[]> {
  const family = isIP(host);
  return family === 0 ? resolve(host) : [{ address: host, family }];
}

/** Without TLS whoever is on the way reads and forges: that is only for addresses that were named. */
function isUsable(found: ReturnType<ClassifyAddress>, protocol: string): boolean {
  return found === "allowed" || (found === "public" && protocol === "https:");
}

function describeRefusal({ classify }: PostDeps, url: URL, found: readonly HostAddress[]): string {
  const first = found[0]?.address ?? "no address";
  if (found.some(({ address }) => classify(address) === "public"))
    return `${first} is asked without TLS; write https, or name it in notify.allow_addresses`;
  return `${url.hostname} is at ${first}, which is no public address; name it in notify.allow_addresses to allow it`;
}

type Exchange = {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly ca: string | null;
  readonly signal: AbortSignal;
};

/** Resolves with the answer when its body was read or is long enough. */
async function exchange(
  url: URL,
  host: string,
  addresses: readonly HostAddress[],
  { headers, body, ca, signal }: Exchange,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options: RequestOptions = {
    host,
    port: url.port,
    path: `${url.pathname}${url.search}`,
    method: "POST",
    headers: { ...headers, "content-length": Buffer.byteLength(body) },
    // An agent of its own, so that no proxy of the environment takes the place of the address that was judged.
    agent: false,
    lookup: answerWith(addresses),
    signal,
  };
  const tls = { rejectUnauthorized: true, ...(ca === null ? {} : { ca }) };
  const sent = url.protocol === "https:" ? requestHttps({ ...options, ...tls }) : requestHttp(options);
  sent.on("error", reject);
  sent.on("response", (answer) => {
    let bytes = 0;
    const end = (): void => {
      resolve(answer);
      sent.destroy();
    };
    answer.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_MAX) end();
    });
    // An answer that breaks off after its head has said all that counts.
    answer.on("error", end).on("end", end).on("close", end);
  });
  sent.end(body);
  return promise;
}

/** A lookup that asks nobody. Sockets call it for a host name only; a host that is an address was judged before. */
function answerWith(addresses: readonly HostAddress[]): LookupFunction {
  return (_host, options, callback) => {
    if (options.all === true) return callback(null, [...addresses]);
    const [first] = addresses;
    return callback(null, first?.address ?? "", first?.family ?? 0);
  };
}

async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Codes only: a message could quote what the other side sent. */
function describeError(error: NodeJS.ErrnoException, limit: AbortSignal, timeoutMs: number): string {
  const reason: unknown = limit.aborted ? limit.reason : null;
  if (reason instanceof Error && reason.name === "TimeoutError") return `no answer within ${timeoutMs / 1_000} s`;
  if (limit.aborted) return "the gateway stopped";
  return error.code ?? error.name;
}
