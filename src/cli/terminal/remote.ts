import { readFileSync } from "node:fs";
import { describeIoError } from "../../contract/source-text.ts";
import { EXIT } from "../../config/codes.ts";
import { Refusal, usage } from "./refusal.ts";

/** Longest wait for an answer, in milliseconds; a working gateway answers sooner. */
const TIMEOUT_MS = 60_000;

/**
 * The key for a gateway: SIGMA_API_KEY, or what the file has that SIGMA_API_KEY_FILE names; null without both. There is no option for
 * it: a command line is seen by every user of a machine, and kept by shells.
 * @throws a refusal when the file cannot be read.
 */
function keyFor(env: NodeJS.ProcessEnv): string | null {
  const { SIGMA_API_KEY: key = "", SIGMA_API_KEY_FILE: file = "" } = env;
  if (key !== "" || file === "") return key === "" ? null : key;
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    const message = `Cannot read the key in "${file}", which SIGMA_API_KEY_FILE names: ${describeIoError(error)}`;
    throw usage("SIG-R-003", message, "name a file with the key alone");
  }
}

/**
 * Sends a request to a gateway, with the key from the environment.
 * @throws a refusal when the address is invalid, nothing answers there, or the gateway refuses the key.
 */
export async function requestGateway(base: string, path: string, init: RequestInit = {}): Promise<Response> {
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw usage(
      "SIG-R-001",
      `Cannot reach a gateway at "${base}": it is no http address`,
      "write it as http://127.0.0.1:8000",
    );
  }
  const key = keyFor(process.env);
  const headers = new Headers(init.headers);
  if (key !== null) headers.set("authorization", `Bearer ${key}`);
  const response = await fetch(new URL(path, base), {
    ...init,
    headers,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw unreached(base, error);
  });
  if (response.status === 401 || response.status === 403) throw await refusedKey(base, response, key !== null);
  return response;
}

/** What Node calls a certificate that it does not believe. */
const CERTIFICATE = /CERT|SIGNATURE|ISSUER/;

function unreached(base: string, error: unknown): Refusal {
  const { cause } = error as { readonly cause?: { readonly code?: unknown } };
  const why = typeof cause?.code === "string" ? cause.code : error instanceof Error ? error.name : "no answer";
  if (why === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const message = `Cannot trust the gateway at ${base}: its certificate is for other names`;
    return new Refusal("SIG-R-004", message, "ask for it by a name of its certificate", EXIT.unreachable);
  }
  if (CERTIFICATE.test(why)) {
    const remedy = "name the authority that signed it with --ca or in SIGMA_CA_FILE; an ended one has to be renewed";
    return new Refusal("SIG-R-004", `Cannot trust the gateway at ${base}: ${why}`, remedy, EXIT.unreachable);
  }
  // A server that speaks TLS ends a connection without it.
  const other = /^(?:ECONNRESET|UND_ERR_SOCKET)$/.test(why) && base.startsWith("http:");
  const remedy = `start it with sigma start, or name its address${other ? "; it may be one of https://" : ""}`;
  return new Refusal("SIG-R-001", `Cannot reach a gateway at ${base}: ${why}`, remedy, EXIT.unreachable);
}

async function refusedKey(base: string, response: Response, hasKey: boolean): Promise<Refusal> {
  const problem = (await response.json().catch(() => null)) as Readonly<Record<string, unknown>> | null;
  const [detail, remedy] = [problem?.["detail"], problem?.["remedy"]];
  const said = typeof detail === "string" ? `: ${detail}` : "";
  const other = typeof remedy === "string" ? remedy : "use another key";
  return new Refusal(
    "SIG-R-003",
    `Cannot ask ${base}: it answered ${response.status}${said}`,
    hasKey
      ? other
      : "put a key of the gateway into SIGMA_API_KEY, or the name of a file with it into SIGMA_API_KEY_FILE",
    EXIT.refused,
  );
}
