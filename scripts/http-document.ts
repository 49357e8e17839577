import { compileContractSet } from "../src/core/compile.ts";
import { sealContractSet } from "../src/core/contract-set.ts";
import { createHttpServer } from "../src/http/server.ts";

/** Stands for all that no route asks while the document is made: whoever does is thrown an error. */
const UNUSED = new Proxy(
  {},
  {
    get: (_, name): never => {
      throw new Error(`Cannot make the document: a route asks for ${String(name)}`);
    },
  },
) as never;

/** /openapi.json as a gateway without contracts gives it. No log and no store is opened: only the routes are wanted. */
export async function readApiDocument(): Promise<object> {
  const limits = { bytesMax: 1_048_576, depthMax: 64 };
  const contracts = compileContractSet(sealContractSet({ limits, contracts: [], bindings: [] }));
  const app = await createHttpServer({
    log: UNUSED,
    source: UNUSED,
    reads: UNUSED,
    lookup: UNUSED,
    tail: UNUSED,
    gateway: UNUSED,
    contracts: () => contracts,
    about: () => new Map(),
    refusedContracts: () => [],
    failures: { groups: UNUSED, store: UNUSED },
    redrives: { store: UNUSED, newId: () => "" },
    whatIfs: { start: UNUSED, get: UNUSED, all: UNUSED, cancel: UNUSED, close: async () => undefined },
    now: Date.now,
    randomBytes: (count) => Buffer.alloc(count),
    logger: false,
    version: "",
  });
  const answer = await app.inject("/openapi.json");
  await app.close();
  return answer.json();
}
