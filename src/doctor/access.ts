import { isOpenToAll, whyProviderAway } from "../app/access.ts";
import type { Config } from "../config/config.ts";
import { isLoopback } from "../config/http-config.ts";
import { Unavailable } from "../core/unavailable.ts";
import { fail, ok, warn, type Check } from "./check.ts";
import { checkKeys } from "./keys.ts";

/** Checks who may ask the gateway: where it listens, its keys, its provider of people. A store that cannot be read is reported by its own check. */
export async function checkAccess(config: Config, now: () => number): Promise<readonly Check[]> {
  try {
    const keys = await checkKeys(config, now());
    return [await checkOpen(config), ...keys, ...(await checkProvider(config, now))];
  } catch (error) {
    if (error instanceof Unavailable) return checkProvider(config, now);
    throw error;
  }
}

async function checkOpen(config: Config): Promise<Check> {
  const { host, allowRemoteWithoutKeys } = config.http;
  if (!(await isOpenToAll(config)))
    return ok(
      "access",
      isLoopback(host)
        ? "this machine alone reaches the gateway"
        : "whoever reaches the gateway has to say who they are",
    );
  const remedy = "make a key with `sigma keys api new --role admin`, or listen on 127.0.0.1";
  return allowRemoteWithoutKeys
    ? warn("access", `whoever reaches ${host} may do everything: http.allow_remote_without_keys is set`, remedy)
    : fail("access", `other machines could reach ${host} without a key: the gateway will not start`, remedy);
}

async function checkProvider({ oidc }: Config, now: () => number): Promise<readonly Check[]> {
  if (oidc === null) return [];
  const why = await whyProviderAway(oidc, now);
  if (why === null) return [ok("oidc", `${oidc.issuer} answers`)];
  return [
    fail(
      "oidc",
      `${oidc.issuer} cannot be asked: ${why}`,
      "check oidc.issuer, the network and the provider; nobody signs in meanwhile",
    ),
  ];
}
