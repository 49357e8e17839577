import { EXIT } from "../../config/codes.ts";
import { Refusal, usage } from "./refusal.ts";

/** Longest wait for an answer, in milliseconds; a working gateway answers sooner. */
const TIMEOUT_MS = 60_000;

/** Sends a request to a gateway. @throws a refusal when the address is invalid, or nothing answers there. */
export async function requestGateway(base: string, path: string, init: RequestInit = {}): Promise<Response> {
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw usage(
      "SIG-R-001",
      `Cannot reach a gateway at "${base}": it is no http address`,
      "write it as http://127.0.0.1:8000",
    );
  }
  try {
    return await fetch(new URL(path, base), { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const { cause } = error as { readonly cause?: { readonly code?: unknown } };
    const why = typeof cause?.code === "string" ? cause.code : error instanceof Error ? error.name : "no answer";
    throw new Refusal(
      "SIG-R-001",
      `Cannot reach a gateway at ${base}: ${why}`,
      "start it with sigma start, or name its address",
      EXIT.unreachable,
    );
  }
}
