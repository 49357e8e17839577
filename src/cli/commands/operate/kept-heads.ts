import type { KeptHeads } from "../../../audit/anchors.ts";
import type { Config } from "../../../config/config.ts";
import type { ChainEnd } from "../../../ledger/anchor.ts";
import type { AnchorPlace, VerifiedAnchors } from "../../../ledger/anchor-chain.ts";
import { openTopic } from "../../../app/logs.ts";
import { usage } from "../../terminal/refusal.ts";

export type KeptOptions = {
  /** True: the places in the configuration. */
  readonly anchors?: string | true;
  readonly publicKey?: string;
  readonly expectHead?: readonly string[];
  readonly expectOperatorHead?: readonly string[];
};

/**
 * The chain heads that were kept outside the store, and the verified anchors. They are read before the store, to which a
 * gateway may append meanwhile.
 */
export async function readKeptHeads(
  config: Config,
  options: KeptOptions,
): Promise<{ readonly kept: KeptHeads; readonly verified: VerifiedAnchors | null }> {
  const { expectHead = [], expectOperatorHead = [] } = options;
  // Whoever names a key would take an audit that found nothing for one that verified signatures.
  if (options.anchors === undefined && options.publicKey !== undefined)
    throw usage("SIG-I-036", "Cannot use --public-key: nothing signed is checked without --anchors", "add --anchors");
  const byHand = new Map<string, string[]>();
  for (const text of expectHead) {
    const at = text.lastIndexOf("=");
    const [stream, hash] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
    if (stream === "" || !isHash(hash))
      throw noHead("--expect-head", text, "STREAM=HASH, both as sigma audit prints them");
    byHand.set(stream, [...(byHand.get(stream) ?? []), hash]);
  }
  for (const hash of expectOperatorHead)
    if (!isHash(hash)) throw noHead("--expect-operator-head", hash, "the hash as sigma audit prints it");
  const verified = options.anchors === undefined ? null : await readAnchors(config, options.anchors, options.publicKey);
  return { kept: { anchors: verified, byHand, operatorByHand: expectOperatorHead }, verified };
}

function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

function noHead(option: string, text: string, form: string): Error {
  return usage("SIG-I-038", `Option ${option} cannot be "${text.slice(0, 200)}"`, `write it as ${form}`);
}

async function readAnchors(
  config: Config,
  where: string | true,
  publicKey: string | undefined,
): Promise<VerifiedAnchors> {
  const { readRotations } = await import("../../../anchor/keys.ts");
  const { readWritten } = await import("../../../anchor/written.ts");
  const { verifyAnchors } = await import("../../../ledger/anchor-chain.ts");
  const { keyFile } = config.anchor;
  const trusted = await trustedKey(keyFile, publicKey);
  // Read before the anchors, since a running gateway writes further anchors.
  const written = readWritten(keyFile);
  const known = await readRotations(keyFile);
  return verifyAnchors(await placesOf(config, where, written), [trusted], known);
}

async function trustedKey(keyFile: string, publicKey: string | undefined): Promise<string> {
  const { chooseTrustedKey } = await import("../../../anchor/trusted-key.ts");
  const chosen = await chooseTrustedKey(keyFile, publicKey);
  switch (chosen.kind) {
    case "trusted":
      return chosen.id;
    case "no-public-key":
      throw usage(
        "SIG-I-036",
        `"${publicKey?.slice(0, 200)}" is no Ed25519 public key, and no file that holds one`,
        "give what `sigma keys show` prints, or a file with it, or with the key in PEM",
      );
    case "no-key-file":
      throw usage(
        "SIG-I-036",
        `${chosen.trouble.message}, so that it is not known whose signature is to be trusted`,
        "name the public key that you kept with --public-key",
      );
  }
}

async function placesOf(
  config: Config,
  where: string | true,
  written: ReadonlyMap<string, ChainEnd>,
): Promise<readonly AnchorPlace[]> {
  const { filePlaces } = await import("../../../anchor/file.ts");
  const { anchor } = config;
  const places: AnchorPlace[] = [];
  const files = where === true ? [anchor.file] : where.startsWith(KAFKA) ? [] : [where];
  const topics = where === true ? [anchor.topic] : where.startsWith(KAFKA) ? [where.slice(KAFKA.length)] : [];
  for (const topic of topics) if (topic !== null) places.push(await topicPlaceOf(config, topic, written));
  for (const file of files) {
    if (file === null) continue;
    const found = filePlaces(file, written);
    if (found.length === 0)
      throw usage(
        "SIG-I-036",
        `Cannot read anchors from "${file}": there is no such file`,
        "name the file that anchor.file says, or kafka:TOPIC",
      );
    places.push(...found);
  }
  if (places.length > 0) return places;
  throw usage(
    "SIG-I-036",
    "Cannot check anchors: the configuration says of none",
    "set anchor.file or anchor.topic, or write --anchors FILE or --anchors kafka:TOPIC",
  );
}

async function topicPlaceOf(
  { kafka }: Config,
  topic: string,
  written: ReadonlyMap<string, ChainEnd>,
): Promise<AnchorPlace> {
  const { readAnchorTopic, topicPlace } = await import("../../../anchor/topic.ts");
  const name = topicPlace(topic);
  if (kafka === null)
    throw usage("SIG-I-036", `Cannot read anchors from ${name}: no broker is configured`, "set kafka.brokers");
  const lines = readAnchorTopic(async () => openTopic(kafka, topic));
  return { name, kind: "topic", lines, written: written.get(name) ?? null };
}

const KAFKA = "kafka:";
