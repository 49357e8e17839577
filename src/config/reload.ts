import type { LiveContracts, Swap } from "../contract/live-contracts.ts";
import { threadEntry } from "../thread-entry.ts";
import { openThread, type ThreadLimits } from "../isolate/thread.ts";
import type { ContractSettings, ContractsRead } from "./load-contracts.ts";
import { signatureOf } from "./signature.ts";

export type ReloadDeps = {
  readonly settings: ContractSettings;
  readonly live: LiveContracts;
  /** {@link signatureOf} the files from before the live set was read: a change since then is a change to follow. */
  readonly seen: string;
  /** Receives the outcome of each change of the files. */
  readonly report: (outcome: Swap) => void;
  /** Updates the files before each look at them; absent where the files are the user's own. */
  readonly refresh?: () => Promise<void>;
  readonly everyMs: number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Lets other work of this thread run. */
  readonly pause: () => Promise<void>;
  /** Limits of the thread that reads the files; absent: {@link READING}. */
  readonly reading?: ThreadLimits;
};

/**
 * Limits of one reading. They are generous, as decisions go on meanwhile, and linting a hundred patterns that are hard to judge
 * takes a quarter of an hour of CPU.
 */
const READING: ThreadLimits = {
  cpuMsMax: 1_800_000,
  wallMsMax: 7_200_000,
  cpuCheckMs: 1_000,
  heapMibMax: 2_048,
  waitingMax: 0,
  idleMs: 1_000,
};

const ENTRY = threadEntry(import.meta.url, "./load-worker");

/** A change is read once no file changed for this time: an editor or a checkout writes several files, one after the other. */
const STILL_MS = 250;

/**
 * Follows the contract files until the signal aborts, and swaps the live set when they change.
 *
 *   unchanged -> (files differ) -> moving -> (still for STILL_MS) -> read in a thread -> swapped | refused -> unchanged
 *
 * The files are polled, because notifications of the operating system miss changes on network and container mounts. A refused
 * change is reported once, and the live set stays.
 */
export async function followContracts(deps: ReloadDeps, signal: AbortSignal): Promise<void> {
  const { settings, live, sleep } = deps;
  let { seen } = deps;
  while (!signal.aborted) {
    await sleep(deps.everyMs, signal);
    await deps.refresh?.();
    let now = await signatureOf(settings.contractsDir);
    if (now === seen) continue;
    let before: string;
    do {
      before = now;
      await sleep(STILL_MS, signal);
      now = await signatureOf(settings.contractsDir);
    } while (now !== before && !signal.aborted);
    if (signal.aborted) return;
    const read = await readInThread(settings, deps.reading ?? READING).catch(unread);
    // Files that changed while the thread read them are read again.
    if ((await signatureOf(settings.contractsDir)) !== now) continue;
    seen = now;
    deps.report(await swap(read, live, deps.pause));
  }
}

/** The outcome where the thread could not start or ended by a bug: the live set stays until the next change is read. */
function unread(error: unknown): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem: `The contract files could not be read: ${(error as Error).message}` };
}

async function swap(
  read: ContractsRead | ReturnType<typeof unread>,
  live: LiveContracts,
  pause: () => Promise<void>,
): Promise<Swap> {
  if ("problem" in read) return { kind: "refused", problems: [read.problem] };
  if (read.ok) return live.replace(read.sealed, read.about, pause);
  return { kind: "refused", problems: read.faults.map(describe) };
}

function describe(fault: Extract<ContractsRead, { readonly ok: false }>["faults"][number]): string {
  const place = "place" in fault ? fault.place : `${fault.file}:${fault.line}:${fault.column}`;
  return `${place} ${fault.code} ${fault.message}`;
}

async function readInThread(settings: ContractSettings, limits: ThreadLimits): Promise<ContractsRead> {
  const begin = { entry: ENTRY, data: null, name: "contracts" };
  const { ask, close } = openThread<ContractSettings, ContractsRead>(begin, limits);
  try {
    const outcome = await ask(settings);
    switch (outcome.kind) {
      case "answered":
        return outcome.answer;
      case "given-up":
        throw new Error(`it takes too much (${outcome.why})`);
      case "not-asked":
        throw new Error("it was not begun");
    }
  } finally {
    await close();
  }
}
