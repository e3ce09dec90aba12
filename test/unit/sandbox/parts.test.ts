import { describe, expect, it } from "vitest";
import { wavesOf } from "../../../sandbox/down.ts";
import { partsOf } from "../../../sandbox/parts/all.ts";
import { baseImageReferences } from "../../../sandbox/parts/base-images.ts";
import { buildkitConfiguration, buildNodes } from "../../../sandbox/parts/buildkit.ts";
import { isLocalDocker } from "../../../sandbox/parts/docker-api.ts";
import { missingPrivileges } from "../../../sandbox/parts/isolation/privileges.ts";
import { markIn } from "../../../sandbox/process/marked.ts";
import { overall } from "../../../sandbox/status.ts";
import { inOrder } from "../../../sandbox/up.ts";

const part = (name: string, ...needs: string[]) => ({ name, needs });

describe("bringing parts up", () => {
  it("starts each as soon as those it needs are done, and not before", async () => {
    const done: string[] = [];
    const isD = Promise.withResolvers<void>();
    await inOrder(
      [part("a"), part("b"), part("c", "a", "b"), part("d", "a")],
      async ({ name, needs }) => {
        expect(needs.filter((need) => !done.includes(need))).toEqual([]);
        // As slow as it takes for everything that does not need it.
        if (name === "b") await isD.promise;
        done.push(name);
        if (name === "d") isD.resolve();
      },
      () => {},
    );
    expect(done).toEqual(["a", "d", "b", "c"]);
  });

  it("throws the first error once all that had begun has ended, and begins nothing more", async () => {
    const ended: string[] = [];
    let failed = 0;
    const work = async ({ name }: { name: string }) => {
      if (name === "a") throw new Error("a does not start");
      await new Promise((resolve) => setTimeout(resolve, 5));
      ended.push(name);
    };
    const running = inOrder([part("a"), part("b"), part("c", "a"), part("d", "b")], work, () => failed++);
    await expect(running).rejects.toThrow("a does not start");
    expect(ended).toEqual(["b"]);
    expect(failed).toBe(1);
  });

  it.each([1, 2] as const)("knows every part that another needs, with %i nodes", (nodes) => {
    const names = partsOf(nodes).map(({ name }) => name);
    for (const { name, needs } of partsOf(nodes)) {
      for (const need of needs)
        expect(names.indexOf(need), `${name} needs ${need}`).toBeLessThan(names.indexOf(name));
    }
  });

  it("stops Docker last, after the emulator whose containers are in it", () => {
    const waves = wavesOf(partsOf(2)).map((wave) => wave.map(({ name }) => name));
    expect(waves.at(-1)).toEqual(["docker"]);
    expect(waves.flat().toSorted()).toEqual(
      partsOf(2)
        .map(({ name }) => name)
        .toSorted(),
    );
  });
});

describe("what a sandbox is made of", () => {
  it("builds both platforms with one node or two", () => {
    for (const count of [1, 2] as const) {
      const platforms = buildNodes(count).flatMap((node) => node.platforms);
      expect(platforms).toEqual(["linux/amd64", "linux/arm64"]);
    }
  });

  it("tells BuildKit to speak HTTP to the sandbox's registry, and to listen on loopback", () => {
    const text = buildkitConfiguration({
      root: '/srv/a "b"/root',
      address: "tcp://127.0.0.1:4300",
      platforms: ["linux/arm64"],
      runc: "/usr/sbin/runc",
      registry: "localhost:4200",
      controlGroup: "slipway-1f763277",
      telemetrySocket: "/srv/run/otel.sock",
    });
    expect(text).toContain('root = "/srv/a \\"b\\"/root"');
    expect(text).toContain('address = ["tcp://127.0.0.1:4300"]');
    expect(text).toContain('[registry."localhost:4200"]\n  http = true');
  });

  it("replaces the examples' base images by ones of its registry", () => {
    expect(baseImageReferences("localhost:4200")).toEqual({
      "public.ecr.aws/docker/library/busybox:1.37": "localhost:4200/slipway-base/busybox:1.37",
      "public.ecr.aws/lambda/provided:al2023": "localhost:4200/slipway-base/lambda-provided:al2023",
    });
  });

  it.each([
    ["unix:///var/run/docker.sock", true],
    ["tcp://127.0.0.1:2375", true],
    ["tcp://localhost:2375", true],
    ["tcp://10.0.0.5:2375", false],
    ["ssh://build@elsewhere", false],
    ["tcp://127.0.0.1.example.com:2375", false],
  ])("takes a Docker daemon of this machine only: %s → %s", (host, taken) => {
    expect(isLocalDocker(host)).toBe(taken);
  });

  it("says all that keeps it from coming up here, each with what to do", () => {
    const codes = (facts: Parameters<typeof missingPrivileges>[0]) => {
      const problems = missingPrivileges(facts);
      expect(problems.every(({ fix }) => fix !== undefined)).toBe(true);
      return problems.map(({ code }) => code);
    };
    expect(codes({ platform: "linux", root: true, docker: false })).toEqual([]);
    expect(codes({ platform: "linux", root: false, docker: false })).toEqual(["no-docker", "no-buildkit"]);
    expect(codes({ platform: "linux", root: false, docker: true })).toEqual(["no-buildkit"]);
    expect(codes({ platform: "darwin", root: false, docker: true })).toEqual(["no-buildkit"]);
  });

  it("knows its own processes by their environment, and nobody else's", () => {
    const environment = "PATH=/bin\0SLIPWAY_SANDBOX_PART=1f763277/docker\0HOME=/\0";
    expect(markIn(environment, "1f763277")).toBe("docker");
    expect(markIn(environment, "bfb46fae")).toBeUndefined();
    expect(markIn("X=SLIPWAY_SANDBOX_PART=1f763277/docker\0", "1f763277")).toBeUndefined();
  });

  it("is up when every part is, down when none is, broken otherwise", () => {
    expect(overall([{ state: "up" }, { state: "up" }])).toBe("up");
    expect(overall([{ state: "down" }, { state: "down" }])).toBe("down");
    expect(overall([{ state: "up" }, { state: "down" }])).toBe("broken");
    expect(overall([{ state: "broken" }])).toBe("broken");
  });
});
