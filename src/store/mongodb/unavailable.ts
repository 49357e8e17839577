import {
  MongoError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
} from "mongodb";
import { Unavailable, type UnavailableCode } from "../../core/unavailable.ts";

type Trouble = { readonly code: UnavailableCode; readonly state: string; readonly remedy: string };

const UNREACHABLE: Trouble = {
  code: "STORE_UNREACHABLE",
  state: "it cannot be reached",
  remedy: "check that MongoDB runs, its address and the network; the gateway goes on by itself",
};

/** Server error codes with a specific remedy (mongodb/mongo error_codes.yml); all others are retried as STORE_TROUBLE. */
const BY_CODE: ReadonlyMap<number, Trouble> = new Map([
  [13, unauthorized("it refuses the operation")],
  [18, unauthorized("it refuses the credentials")],
  [8_000, unauthorized("it refuses the credentials")],
  [
    14_031,
    {
      code: "STORE_FULL",
      state: "its disk is full",
      remedy: "free some space; the gateway goes on by itself",
    },
  ],
  [
    121,
    {
      code: "STORE_REFUSED",
      state: "a validator of a collection refuses what the gateway writes",
      remedy: "run `sigma doctor`: somebody changed the validator",
    },
  ],
]);

function unauthorized(state: string): Trouble {
  return {
    code: "STORE_UNAUTHORIZED",
    state,
    remedy: "check the user's password and roles: readWrite on the database",
  };
}

/** Runs an operation on the server and turns every error of the driver into `Unavailable`: no outage makes a record FAILED. */
export async function guarded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Unavailable || !isFromDriver(error)) throw error;
    throw unavailableFrom(error);
  }
}

/**
 * Whether an error comes from the driver. A socket that breaks while the driver waits for it to drain throws a plain system error
 * (cmap/connection.js).
 */
function isFromDriver(error: unknown): error is Error {
  return error instanceof MongoError || (error instanceof Error && "syscall" in error);
}

/** The message does not quote the server's: a duplicate-key message contains values. */
function unavailableFrom(error: Error): Unavailable {
  const { code, state, remedy } = troubleOf(error);
  return new Unavailable(code, `Cannot use MongoDB: ${state}`, remedy, error);
}

function troubleOf(error: Error): Trouble {
  if (error instanceof MongoServerSelectionError && isCredentialTrouble(error)) {
    return unauthorized("it refuses the credentials");
  }
  if (error instanceof MongoNetworkTimeoutError) {
    return { ...UNREACHABLE, code: "STORE_TIMEOUT", state: "it does not answer in time" };
  }
  if ("syscall" in error || error instanceof MongoNetworkError || error instanceof MongoServerSelectionError)
    return UNREACHABLE;
  const known = BY_CODE.get(codeOf(error));
  if (known !== undefined) return known;
  const name = error instanceof MongoServerError && typeof error.codeName === "string" ? error.codeName : error.name;
  return {
    code: "STORE_TROUBLE",
    state: `it answers ${name}`,
    remedy: "see the log of MongoDB; the gateway tries again",
  };
}

function codeOf(error: Error): number {
  return Number((error as { code?: unknown }).code);
}

function isCredentialTrouble(error: MongoServerSelectionError): boolean {
  const cause = error.cause as { code?: unknown } | undefined;
  return cause?.code === 18 || cause?.code === 8_000;
}

/** Server error E11000: a unique index already has the key. */
export const DUPLICATE_KEY = 11_000;
