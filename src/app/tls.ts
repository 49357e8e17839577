import { setTimeout as delay } from "node:timers/promises";
import type { HttpTlsConfig } from "../config/http-tls-config.ts";
import type { Door, DoorTls } from "../http/listen.ts";
import type { TlsEvent } from "../tls/event.ts";
import { followPair } from "../tls/follow.ts";
import { readTlsPair } from "../tls/pair.ts";

/** Follows the files of TLS while the server runs. */
export type ServedTls = {
  /** What the door begins with. */
  readonly door: DoorTls;
  /** Begins to follow the files for a door. @returns ends that. */
  readonly follow: (door: Pick<Door, "use">, report: (event: TlsEvent) => void) => () => Promise<void>;
};

/** Reads the certificate and the key of the HTTP server. @returns null: it speaks plain HTTP; `unfit`: why it cannot speak TLS. */
export async function openTls(config: HttpTlsConfig | null): Promise<ServedTls | { readonly unfit: string } | null> {
  if (config === null) return null;
  const read = await readTlsPair(config.files);
  if (read.kind === "unfit") return { unfit: read.why };
  const clients = config.files.clientCaFile === null ? "not-asked" : config.isClientRequired ? "required" : "optional";
  const follow: ServedTls["follow"] = ({ use }, report) => {
    const stopping = new AbortController();
    const reading = async () => readTlsPair(config.files);
    const deps = { read: reading, use, report, everyMs: config.reloadMs, now: Date.now, sleep };
    const { look, done } = followPair(deps, read.pair, stopping.signal);
    const hangUp = (): void => void look();
    if (takesHangUp(process)) process.on("SIGHUP", hangUp);
    return async () => {
      process.off("SIGHUP", hangUp);
      stopping.abort();
      await done;
    };
  };
  return { door: { pair: read.pair, clients }, follow };
}

/** On a terminal SIGHUP means that it was closed, which is to end the process as ever. Windows has no such signal to send. */
function takesHangUp({ platform, stdin }: Pick<NodeJS.Process, "platform" | "stdin">): boolean {
  return platform !== "win32" && !stdin.isTTY;
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
