import { readFile } from "node:fs/promises";

/** An IPv4 network: its first address as a number, and the length of its prefix. */
export interface Network {
  readonly address: number;
  readonly prefix: number;
}

/**
 * A /24 that the machine has no route to, for a sandbox's containers. The search starts at a place of
 * the sandbox's own, so that two of them seldom meet.
 *
 * @returns the bridge's own address with its prefix, `10.213.7.1/24`; undefined when all are taken
 */
export function freeSubnet(id: string, routes: readonly Network[]): string | undefined {
  const offset = Number.parseInt(id.slice(0, 4), 16) % 4096;
  for (let step = 0; step < 4096; step++) {
    const number = (offset + step) % 4096;
    // 10.208.0.0/12, away from where VPCs, VPNs and Docker itself begin.
    const network = {
      address: (10 << 24) | ((208 + (number >> 8)) << 16) | ((number & 255) << 8),
      prefix: 24,
    };
    if (!routes.some((route) => overlap(route, network))) {
      return `10.${208 + (number >> 8)}.${number & 255}.1/24`;
    }
  }
  return undefined;
}

function overlap(a: Network, b: Network): boolean {
  const prefix = Math.min(a.prefix, b.prefix);
  const mask = prefix === 0 ? 0 : (-1 << (32 - prefix)) >>> 0;
  return (a.address & mask) >>> 0 === (b.address & mask) >>> 0;
}

/** The machine's routes, but for the default one. */
export async function readRoutes(): Promise<readonly Network[]> {
  return parseRoutes(await readFile("/proc/net/route", "utf8").catch(() => ""));
}

/** Routes as /proc/net/route has them: addresses in hexadecimal, least byte first. */
export function parseRoutes(text: string): readonly Network[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line): Network[] => {
      const fields = line.trim().split(/\s+/);
      const [destination, mask] = [fields[1], fields[7]];
      if (destination === undefined || mask === undefined || mask === "00000000") return [];
      const prefix = [...Number.parseInt(mask, 16).toString(2)].filter((bit) => bit === "1").length;
      return [{ address: Buffer.from(destination, "hex").readUInt32LE(), prefix }];
    });
}
