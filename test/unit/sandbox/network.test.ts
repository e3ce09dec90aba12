import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { portsFor } from "../../../sandbox/parts/network/port.ts";
import { freeSubnet, type Network, parseRoutes } from "../../../sandbox/parts/network/subnet.ts";

const routes = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010012AC	0003	0	0	0	00000000	0	0	0
eth0	000012AC	00000000	0001	0	0	0	0000FFFF	0	0	0
vpn0	0000D00A	00000000	0001	0	0	0	0000F0FF	0	0	0
`;

describe("the ports of a sandbox's parts", () => {
  it("are none that an outgoing connection has, each once, and begin where those of another do not", () => {
    const [ports, others] = [portsFor("1f763277"), portsFor("00000abc")];
    expect(new Set(ports).size).toBe(ports.length);
    expect(Math.min(...ports)).toBeGreaterThan(1023);
    expect(Math.max(...ports)).toBeLessThan(32_768);
    expect(ports[0]).not.toBe(others[0]);
    expect(ports.toSorted()).toEqual(others.toSorted());
  });
});

describe("the containers' network", () => {
  it("reads the machine's routes, but for the default one", () => {
    expect(parseRoutes(routes)).toEqual([
      { address: 0xac120000, prefix: 16 },
      { address: 0x0ad00000, prefix: 12 },
    ]);
  });

  it("is refused when a route covers all there is to choose from", () => {
    expect(freeSubnet("1f763277", parseRoutes(routes))).toBeUndefined();
  });

  it("never lies in a network that the machine has a route to", () => {
    const network = fc.record({
      address: fc.integer({ min: 0x0ad00000, max: 0x0adfffff }),
      prefix: fc.integer({ min: 16, max: 32 }),
    });
    fc.assert(
      fc.property(fc.array(network, { maxLength: 8 }), fc.stringMatching(/^[0-9a-f]{8}$/), (taken, id) => {
        const found = freeSubnet(id, taken);
        if (found === undefined) return;
        const [a, b, c] = found.split(".").map(Number) as [number, number, number];
        const first = (a << 24) | (b << 16) | (c << 8);
        expect(taken.some((route) => covers(route, first))).toBe(false);
      }),
    );
  });
});

/** Whether any address of the /24 that begins there lies in the network, one address after the other. */
function covers(network: Network, first: number): boolean {
  const shift = 32 - network.prefix;
  for (let host = 0; host < 256; host++) {
    const address = first + host;
    if (shift === 0 ? address === network.address : address >>> shift === network.address >>> shift)
      return true;
  }
  return false;
}
