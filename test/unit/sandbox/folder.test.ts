import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { longestSocket, machineNames, sandboxFolder } from "../../../sandbox/folder.ts";

describe("the sandbox's folder", () => {
  it("is below .slipway of the project, whatever way the project is named", () => {
    expect(sandboxFolder("/srv/project/").directory).toBe("/srv/project/.slipway/sandbox");
    expect(sandboxFolder("/srv/other/../project").id).toBe(sandboxFolder("/srv/project").id);
  });

  it("has a runtime folder whose sockets have names that the kernel takes", () => {
    expect(sandboxFolder("/srv/project").runtime).toBe("/srv/project/.slipway/sandbox/run");
    for (let length = 1; length < 100; length++) {
      const { runtime } = sandboxFolder(`/${"d".repeat(length)}`);
      expect(Buffer.byteLength(join(runtime, longestSocket))).toBeLessThanOrEqual(107);
    }
    const deep = sandboxFolder(`/srv/${"deep/".repeat(20)}project`);
    expect(deep.runtime.startsWith(deep.directory)).toBe(false);
    expect(deep.runtime).toContain(deep.id);
  });

  it("gives two projects different names on the machine, short enough for a network interface", () => {
    const names = machineNames(sandboxFolder("/srv/a").id);
    expect(names.bridge).not.toBe(machineNames(sandboxFolder("/srv/b").id).bridge);
    expect(names.bridge.length).toBeLessThanOrEqual(15);
  });
});
