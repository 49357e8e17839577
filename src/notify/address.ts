import { BlockList, isIP } from "node:net";

/** What may be sent to an address: `public`: TLS only; `allowed`: it was named in `notify.allow_addresses`. */
export type AddressClass = "public" | "allowed" | "refused";

/** Tells what may be sent to an IP address. A text that is none is refused. */
export type ClassifyAddress = (address: string) => AddressClass;

/**
 * IPv4 addresses that no webhook of a stranger lies at (IANA's registry of special-purpose addresses): this network,
 * private, shared (CGNAT), loopback, link-local with the clouds' metadata, protocol assignments, documentation, 6to4 relays,
 * benchmarks, multicast, reserved and broadcast.
 */
const NOT_PUBLIC_4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/**
 * Of IPv6 only 2000::/3 is public, so that IPv4-mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96, 64:ff9b:1::/48), loopback, unique
 * local, link-local and multicast addresses are not. These parts of it are not either: protocol assignments with Teredo,
 * documentation, and 6to4, which hides an IPv4 address.
 */
const PUBLIC_6: readonly [string, number] = ["2000::", 3];
const NOT_PUBLIC_6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

/** @param allowed addresses and blocks that {@link parseNetwork} takes; those of private networks are refused without. */
export function createAddressRule(allowed: readonly string[]): ClassifyAddress {
  const allow = new BlockList();
  for (const text of allowed) {
    const network = parseNetwork(text);
    if (network !== null) allow.addSubnet(network.address, network.bits, network.family);
  }
  return (address) => {
    const version = isIP(address);
    // A zone, as in fe80::1%eth0, is of a link-local address only, and the lists do not take it.
    if (version === 0 || address.includes("%")) return "refused";
    if (allow.check(address, version === 4 ? "ipv4" : "ipv6")) return "allowed";
    return isPublic(address, version) ? "public" : "refused";
  };
}

export type Network = { readonly address: string; readonly bits: number; readonly family: "ipv4" | "ipv6" };

/** Parses `10.1.2.3`, `10.0.0.0/8` or `fd00::/8`; null for any other text. */
export function parseNetwork(text: string): Network | null {
  const [, address = "", written] = /^([0-9A-Fa-f.:]{2,45})(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0) return null;
  const longest = version === 4 ? 32 : 128;
  const bits = Number(written ?? longest);
  return bits > longest ? null : { address, bits, family: version === 4 ? "ipv4" : "ipv6" };
}

const closed4 = blocksOf(NOT_PUBLIC_4, "ipv4");
const open6 = blocksOf([PUBLIC_6], "ipv6");
const closed6 = blocksOf(NOT_PUBLIC_6, "ipv6");

function isPublic(address: string, version: number): boolean {
  if (version === 4) return !closed4.check(address, "ipv4");
  return open6.check(address, "ipv6") && !closed6.check(address, "ipv6");
}

function blocksOf(blocks: readonly (readonly [string, number])[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [address, bits] of blocks) list.addSubnet(address, bits, family);
  return list;
}
