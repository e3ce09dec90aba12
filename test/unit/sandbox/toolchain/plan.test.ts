import { describe, expect, test } from "vitest";
import type { CacheRecord } from "../../../../sandbox/toolchain/cache.ts";
import { ladder } from "../../../../sandbox/toolchain/ladder.ts";
import { describeMachine, type Machine } from "../../../../sandbox/toolchain/machine.ts";
import { describePlan, planToolchain, type ToolchainFacts } from "../../../../sandbox/toolchain/plan.ts";
import { hostOf, originOf } from "../../../../sandbox/toolchain/rung.ts";
import { declined } from "../../../../sandbox/toolchain/session.ts";
import { sandboxTools, type ToolName, toolNames } from "../../../../sandbox/toolchain/tools.ts";

const debian: Machine = {
  platform: "linux",
  architecture: "amd64",
  root: true,
  systemName: "Debian GNU/Linux 12 (bookworm)",
  debian: true,
};

/** A Debian machine with nothing on it, and the whole internet in reach. */
function facts(changes: Partial<ToolchainFacts> = {}): ToolchainFacts {
  const nothing = toolNames.map((name) => [name, declined(`no ${name} on this machine`)] as const);
  return {
    machine: debian,
    installed: new Map(nothing),
    cached: new Map(),
    unreachable: new Map(),
    withoutPackages: undefined,
    ...changes,
  };
}

const registriesOnly = new Map([
  ["api.github.com", "api.github.com can't be reached (ENOTFOUND)"],
  ["go.dev", "go.dev can't be reached (ENOTFOUND)"],
]);

const plan = (name: ToolName, changes?: Partial<ToolchainFacts>) => planToolchain([name], facts(changes))[0];

describe("the ladder", () => {
  test("puts the machine's own first, then downloads, then registries, for every tool", () => {
    const order = ["installed", "download", "registries"];
    for (const name of toolNames) {
      const steps = ladder[name].map((rung) => order.indexOf(originOf(rung)));
      expect(steps, name).toEqual(steps.toSorted());
    }
  });

  test("ends, for every tool, on a rung that needs no more than package registries", () => {
    for (const name of toolNames) expect(originOf(ladder[name].at(-1) as never), name).toBe("registries");
  });

  test("says of every rung why it is there", () => {
    for (const rung of toolNames.flatMap((name) => ladder[name])) expect(rung.why).toMatch(/^\w.{5,}/);
  });

  test("names a host for each download and for nothing else", () => {
    for (const rung of toolNames.flatMap((name) => ladder[name])) {
      expect(hostOf(rung) !== undefined).toBe(originOf(rung) === "download");
    }
  });
});

describe("a plan", () => {
  test("takes what is installed, even when it was also built earlier", () => {
    const installed = new Map([
      [
        "pulumi",
        { kind: "taken", path: "/usr/bin/pulumi", version: "3.244.0", how: "found at /usr/bin/pulumi" },
      ],
    ] as const);
    const record: CacheRecord = {
      name: "pulumi",
      version: "3.245.0",
      origin: "registries",
      program: "pulumi",
      needs: [],
      how: "built",
      milliseconds: 1,
      at: "",
    };
    const cached = new Map([["pulumi", { record, path: "/cache/pulumi" }]] as const);
    expect(plan("pulumi", { installed, cached })).toMatchObject({ kind: "ready", origin: "installed" });
    expect(plan("pulumi", { cached })).toMatchObject({
      kind: "ready",
      origin: "registries",
      path: "/cache/pulumi",
    });
  });

  test("downloads where the maker's host answers", () => {
    expect(plan("buildkitd")).toMatchObject({ kind: "obtainable", origin: "download" });
  });

  test("builds from registries where it doesn't, and says what was passed over", () => {
    expect(plan("buildkitd", { unreachable: registriesOnly })).toMatchObject({
      kind: "obtainable",
      origin: "registries",
      does: "build github.com/moby/buildkit/cmd/buildkitd 0.31.0 from Go modules",
      passedOver: [
        "use buildkitd of this machine: no buildkitd on this machine",
        "download moby/buildkit v0.31.0 from GitHub: api.github.com can't be reached (ENOTFOUND)",
      ],
    });
  });

  test("reaches every tool of the sandbox from registries alone, as root on Debian", () => {
    for (const each of planToolchain(sandboxTools, facts({ unreachable: registriesOnly }))) {
      expect(each, each.name).toMatchObject({ kind: "obtainable", origin: "registries" });
    }
  });

  test("does not install system packages without being root", () => {
    const user = { ...debian, root: false };
    expect(plan("dockerd", { machine: user })).toMatchObject({ kind: "missing" });
    // A file out of a package needs no root.
    expect(plan("busybox-arm64", { machine: user })).toMatchObject({ kind: "obtainable" });
  });

  test("reads as text", () => {
    expect(describePlan(plan("qemu-aarch64") as never)).toBe(
      "qemu-aarch64 distribution (registries): would take usr/bin/qemu-aarch64-static out of Debian's package " +
        "qemu-user-static (QEMU publishes sources only; the program is static, so it needs no installing)",
    );
    const fedora = {
      machine: { ...debian, debian: false },
      withoutPackages: "it takes Debian or Ubuntu, and this is Fedora",
    };
    expect(describePlan(plan("dockerd", fedora) as never)).toBe(
      "no source has dockerd: use dockerd of this machine: no dockerd on this machine; " +
        "install the system packages docker.io: it takes Debian or Ubuntu, and this is Fedora",
    );
  });
});

describe("the machine", () => {
  const raw = { platform: "linux", processor: "x64", userId: 0 } as const;

  test("is Debian's kin by ID or ID_LIKE", () => {
    const ubuntu = 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\nPRETTY_NAME="Ubuntu 24.04.1 LTS"\n';
    expect(describeMachine({ ...raw, osRelease: ubuntu })).toEqual({
      platform: "linux",
      architecture: "amd64",
      root: true,
      systemName: "Ubuntu 24.04.1 LTS",
      debian: true,
    });
    expect(describeMachine({ ...raw, osRelease: "ID=mint\nID_LIKE='ubuntu debian'\n" }).debian).toBe(true);
    expect(describeMachine({ ...raw, osRelease: 'ID="fedora"\n' }).debian).toBe(false);
  });

  test("has no name for processors that the sandbox does not know", () => {
    expect(describeMachine({ ...raw, processor: "riscv64", osRelease: "" }).architecture).toBeUndefined();
  });
});
