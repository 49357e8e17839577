import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Ports below the range from which Linux (32768 and up) and others (49152 and up) take the near ends of connections. Above it a port that
 * was free a second ago may be the near end of another test's connection when its server begins to listen, or begins again.
 */
const FIRST = 15_000;
const LAST = 29_999;
const TRIES = 1_000;

/**
 * TCP ports of 127.0.0.1 that nothing listens on. Until this process ends no other caller is given them, on this machine: each is held
 * with the UDP port of the same number, which no server of the tests wants.
 *
 * @throws when a thousand ports were tried for one.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

async function freePort(): Promise<number> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if ((await isClaimed(port)) && (await isUnused(port))) return port;
  }
  throw new Error(`no free port among ${TRIES} tried between ${FIRST} and ${LAST}`);
}

/** @returns false when somebody has the UDP port already. */
async function isClaimed(port: number): Promise<boolean> {
  const claim = createSocket("udp4").unref();
  try {
    claim.bind({ port, address: "127.0.0.1", exclusive: true });
    await once(claim, "listening");
    return true;
  } catch {
    claim.close();
    return false;
  }
}

async function isUnused(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
