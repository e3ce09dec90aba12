import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import type { Service } from "@aws-sdk/client-ecs";
import { describe, expect, it } from "vitest";
import { isSteadyOnNew } from "../../../bench/ecs.ts";
import { parseStat, treeOf, watchUse } from "../../../bench/memory.ts";
import { childSeconds, watchProcessor } from "../../../bench/processor.ts";
import { byProgram, programName, pulumiProgram } from "../../../bench/programs.ts";
import { judge } from "../../../bench/result.ts";
import { showResults } from "../../../bench/show.ts";
import { median, medianRatio } from "../../../bench/statistics.ts";

describe("statistics", () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[7], 7],
  ])("the median of %j is %d", (values, middle) => {
    expect(median(values)).toBe(middle);
  });

  it("there is no median of nothing", () => {
    expect(median([])).toBeNaN();
  });

  it("takes ratios pair by pair, so that a machine that slows down changes nothing", () => {
    expect(medianRatio([1, 2, 40], [2, 4, 80])).toBe(0.5);
  });
});

describe("a case's result", () => {
  const ofSeconds = { id: "a-one", title: "one", target: { kind: "seconds", most: 1 } } as const;
  const ofRatio = {
    id: "b-two",
    title: "two",
    target: { kind: "ratio", most: 0.8 },
    peer: "by hand",
  } as const;

  it("is held to seconds", () => {
    const pairs = [0.5, 0.9, 3].map((seconds) => ({ ours: { seconds, peakBytes: 50 * 2 ** 20 } }));
    expect(judge(ofSeconds, pairs)).toMatchObject({
      ours_s: 0.9,
      peer_s: null,
      ratio: null,
      target: "≤ 1 s",
      met: true,
      ours_peak_mib: 50,
      runs: 3,
    });
  });

  it("is held to the peer's time", () => {
    const pairs = [{ ours: { seconds: 9 }, peer: { seconds: 10 } }];
    expect(judge(ofRatio, pairs)).toMatchObject({
      peer_s: 10,
      ratio: 0.9,
      target: "≤ 0.8 × peer",
      met: false,
    });
  });

  it("is held to memory as well where the target says so", () => {
    const target = { kind: "seconds", most: 1, mostMebibytes: 100 } as const;
    const of = (mebibytes: number) =>
      judge({ ...ofSeconds, target }, [{ ours: { seconds: 0.5, peakBytes: mebibytes * 2 ** 20 } }]);
    expect(of(100)).toMatchObject({ target: "≤ 1 s, ≤ 100 MiB", met: true });
    expect(of(101).met).toBe(false);
    expect(judge({ ...ofSeconds, target }, [{ ours: { seconds: 0.5 } }]).met).toBe(false);
  });

  it("tells processor seconds beside those on the clock, and nothing where they are not known", () => {
    const pair = (own: number, other: number) => ({
      ours: { seconds: 9, processorSeconds: own },
      peer: { seconds: 10, processorSeconds: other },
    });
    expect(judge(ofRatio, [pair(1, 2), pair(3, 2), pair(2, 8)])).toMatchObject({
      ours_cpu_s: 2,
      peer_cpu_s: 2,
      cpu_ratio: 0.5,
    });
    const unknown = { ours: { seconds: 1, processorSeconds: Number.NaN }, peer: { seconds: 1 } };
    expect(judge(ofRatio, [unknown])).toMatchObject({ ours_cpu_s: null, peer_cpu_s: null, cpu_ratio: null });
  });

  it("is not met when there was nothing to compare with", () => {
    expect(judge(ofRatio, [{ ours: { seconds: 1 } }]).met).toBe(false);
  });

  it("is shown with the machine's load", () => {
    const load = { start: 0.1, end: 2, highest: 3.5 };
    const machine = { processors: 2, model: "a processor", memory_gib: 8, load };
    const text = showResults([judge(ofRatio, [{ ours: { seconds: 9 }, peer: { seconds: 10 } }])], machine);
    expect(text).toContain("2 processors (a processor), 8 GiB; load 0.1 at the beginning");
    expect(text).toMatch(/b-two +two +9\.00 s +10\.00 s +0\.90 +≤ 0\.8 × peer +MISSED/);
    expect(text).toContain("b-two: by hand");
  });
});

describe("memory", () => {
  const stat = (pid: number, parent: number, pages: number) =>
    `${pid} (a (b) c) S ${parent} 1 1 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 1 0 100 1000000 ${pages} 18446744073709551615`;

  it("is read from /proc, whatever a process is called", () => {
    expect(parseStat(stat(12, 3, 10))).toEqual({
      pid: 12,
      parent: 3,
      residentBytes: 40960,
      processorSeconds: 2,
    });
    expect(parseStat("")).toBeUndefined();
  });

  it("is counted for a process and all below it", () => {
    const entries = [stat(4, 3, 8), stat(3, 2, 4), stat(2, 1, 2), stat(9, 1, 100)].flatMap(
      (text) => parseStat(text) ?? [],
    );
    expect(treeOf(entries, 2).map(({ pid }) => pid)).toEqual([4, 3, 2]);
  });

  it("is told program by program", async () => {
    const busy = "const end = Date.now() + 400; while (Date.now() < end);";
    const child = execFile(process.execPath, ["-e", busy]);
    const use = watchUse(child.pid ?? 0);
    await once(child, "exit");
    const { peakBytes, programs } = use();
    expect(programs).toMatchObject([{ name: "node" }]);
    expect(programs[0]?.processorSeconds).toBeGreaterThan(0.02);
    expect(programs[0]?.peakBytes).toBe(peakBytes);
  });
});

describe("programs", () => {
  it.each([
    [["/usr/bin/pulumi", "up"], "pulumi"],
    [["node", "--import=./x.ts", "/p/@pulumi/pulumi/cmd/run/index.js", "--monitor", "1"], pulumiProgram],
    [["/a/node", "/a/sandbox/provider/main.ts", "aws", "127.0.0.1:1"], "node: provider aws"],
    [["node", "--disable-warning=x", "/a/runner/cli.ts", "deploy"], "node: runner/cli.ts"],
    [["node", "-e", "1 / 2"], "node"],
  ])("%j is %s", (words, name) => {
    expect(programName(words)).toBe(name);
  });

  const mebibyte = 2 ** 20;
  const use = (name: string, processorSeconds: number, mebibytes: number) => ({
    name,
    processorSeconds,
    peakBytes: mebibytes * mebibyte,
  });

  it("are added up in each run, and the medians taken, the dearest first", () => {
    const runs = [
      [use("a", 1, 10), use("a", 2, 30), use("b", 5, 7)],
      [use("a", 5, 20), use("a", 0, 1), use("b", 7, 9)],
    ];
    expect(byProgram(runs)).toEqual([
      { name: "b", processes: 1, cpu_s: 6, peak_mib: 8 },
      { name: "a", processes: 2, cpu_s: 4, peak_mib: 25 },
    ]);
  });

  it("hold the Pulumi program to its own memory", () => {
    const target = { kind: "ratio", most: 2, mostMebibytesOfProgram: 700 } as const;
    const of = (mebibytes: number) =>
      judge({ id: "f", title: "f", target, peer: "bare" }, [
        { ours: { seconds: 1, programs: [use(pulumiProgram, 1, mebibytes)] }, peer: { seconds: 1 } },
      ]);
    expect(of(700)).toMatchObject({ target: "≤ 2 × peer, ≤ 700 MiB", met: true });
    expect(of(701).met).toBe(false);
    const machine = { processors: 2, model: "p", memory_gib: 8, load: { start: 0, end: 0, highest: 0 } };
    expect(showResults([of(650)], machine, true)).toMatch(/f +Slipway +node: the Pulumi program +1 +1\.00 s/);
    expect(showResults([of(650)], machine)).not.toContain("node: the Pulumi program");
  });
});

describe("processor seconds", () => {
  it("are those of children that ended, whatever their parent is called", () => {
    const fields = ["S", ...Array.from({ length: 12 }, (_, index) => String(index)), "250", "50", "20"];
    expect(childSeconds(`12 (a (b) c) ${fields.join(" ")}`)).toBe(3);
    expect(childSeconds("")).toBeNaN();
  });

  it("grow by what a child takes", async () => {
    const taken = await watchProcessor();
    const busy = "const end = Date.now() + 200; while (Date.now() < end);";
    execFileSync(process.execPath, ["-e", busy]);
    expect(await taken()).toBeGreaterThan(0.02);
  });
});

describe("really steady", () => {
  const service = (changes: Partial<Service> = {}): Service => ({
    taskDefinition: "ui:2",
    desiredCount: 1,
    runningCount: 1,
    pendingCount: 0,
    deployments: [{ status: "PRIMARY", taskDefinition: "ui:2", rolloutState: "COMPLETED" }],
    ...changes,
  });

  it("is one deployment, of another task definition than before, with all of its tasks", () => {
    expect(isSteadyOnNew(service(), "ui:1")).toBe(true);
    expect(isSteadyOnNew(service(), "ui:2")).toBe(false);
    expect(isSteadyOnNew(service({ runningCount: 0 }), "ui:1")).toBe(false);
    expect(isSteadyOnNew(service({ pendingCount: 1 }), "ui:1")).toBe(false);
    const draining = [...(service().deployments ?? []), { status: "ACTIVE", taskDefinition: "ui:1" }];
    expect(isSteadyOnNew(service({ deployments: draining }), "ui:1")).toBe(false);
  });
});
