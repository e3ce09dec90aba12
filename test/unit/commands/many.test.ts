import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import type { ChangedDocument } from "../../../runner/commands/changed/changed.ts";
import { showChanged } from "../../../runner/commands/changed/show.ts";
import type { ImagesDocument } from "../../../runner/commands/images/list.ts";
import { showImages } from "../../../runner/commands/images/show.ts";
import type { StatusDocument } from "../../../runner/commands/status/document.ts";
import { showStatus } from "../../../runner/commands/status/show.ts";
import { presentDeployment } from "../../../runner/deploy/job.ts";
import { showOutcome } from "../../../runner/deploy/show.ts";
import type { DeployDocument } from "../../../runner/move/document.ts";
import { planDocument } from "../../../runner/plan/document.ts";
import { showPlan } from "../../../runner/plan/show.ts";
import { digest, inspected, outcome, targetPlan } from "../plan/samples.ts";

const plain = picocolors.createColors(false);
const where = { stack: "dev", account: "111122223333", region: "eu-central-1" };
const now = new Date("2026-05-04T10:00:00Z");
const names = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`);

describe("a plan", () => {
  const plan = (count: number) =>
    planDocument(
      where,
      names(count).map((name, index) =>
        inspected(name, { targets: [targetPlan(name, index === 3 ? { action: "update" } : {})] }),
      ),
    );

  test("of ten services lists each, and ends with the summary", () => {
    const lines = showPlan(plan(10), plain).split("\n");
    expect(names(10).every((name) => lines.includes(name))).toBe(true);
    expect(lines.at(-1)).toBe("0 to build, 1 of 10 targets to move");
  });

  test("of more begins with the summary, lists what would change, and counts the rest", () => {
    const lines = showPlan(plan(1000), plain).split("\n");
    expect(lines[1]).toBe("0 to build, 1 of 1000 targets to move");
    expect(lines.filter((line) => /^s\d+$/.test(line))).toEqual(["s3"]);
    expect(lines.at(-1)).toBe("999 services unchanged (--verbose lists them)");
  });

  test("lists all with --verbose", () => {
    expect(showPlan(plan(11), plain, true)).toContain("\ns10\n");
  });

  test.each([
    ["a problem of the service", { problems: [{ code: "tag-taken", message: "v1 is taken" }] as const }],
    ["a tag to put", { tagCheck: { present: [], toPut: ["v2"], problems: [] } }],
    ["a build", { image: undefined }],
    ["a target to verify again", { targets: [targetPlan("odd", { action: "prove" })] }],
    [
      "a target that can't be moved",
      { targets: [targetPlan("odd", { problems: [{ code: "unknown-cluster", message: "no" }] })] },
    ],
  ])("counts no service with %s among the unchanged", (_what, changes) => {
    const document = planDocument(where, [
      ...names(20).map((name) => inspected(name)),
      inspected("odd", changes),
    ]);
    expect(showPlan(document, plain)).toContain("\nodd\n");
    expect(showPlan(document, plain)).toContain("20 services unchanged");
  });
});

test("what changed of many services comes after the count, without what has not", () => {
  const document = (count: number): ChangedDocument => ({
    version: 1,
    kind: "changed",
    stack: "dev",
    against: { kind: "registry" },
    services: names(count).map((service, index) => ({
      service,
      changed: index === 1,
      reason: index === 1 ? "new" : "same",
      changes: [],
    })),
    removed: ["old"],
    matrix: { include: [] },
  });
  expect(showChanged(document(11)).split("\n")).toEqual([
    "1 of 11 changed, compared with the registry",
    "",
    "changed    s1: new",
    "removed    old: no longer in services.yaml; Slipway leaves its targets alone",
    "10 services unchanged (--verbose lists them)",
  ]);
  expect(showChanged(document(11), true)).toContain("unchanged  s10: same");
  expect(showChanged(document(10))).toContain("unchanged  s9: same");
});

test("a status of many targets lists those that are not well or not current", () => {
  const document: StatusDocument = {
    version: 1,
    kind: "status",
    ...where,
    targets: names(12).map((service, index) => ({
      service,
      title: `ecs shop/${service}`,
      kind: "ecs",
      health: index === 2 ? "unhealthy" : "healthy",
      message: `${service}:1`,
      source: index === 5 ? "behind" : "current",
    })),
    withoutTargets: ["tools"],
  };
  const lines = showStatus(document, plain, { now }).split("\n");
  expect(lines[1]).toBe("12 targets: 11 healthy, 1 unhealthy; 11 current, 1 behind");
  expect(lines.filter((line) => line.startsWith("ecs")).map((line) => line.split("  ")[0])).toEqual([
    "ecs shop/s2",
    "ecs shop/s5",
  ]);
  expect(lines.slice(-2)).toEqual([
    "10 targets healthy and current (--verbose lists them)",
    "1 service without targets (--verbose lists it)",
  ]);
  expect(showStatus(document, plain, { now, verbose: true })).toContain("ecs shop/s11");
});

test("the images of many repositories are a summary with the largest", () => {
  const document: ImagesDocument = {
    version: 1,
    kind: "images",
    ...where,
    repositories: names(20).map((service, index) => ({
      service,
      repository: `shop/${service}`,
      exists: index !== 19,
      images: [],
      olderImages: index === 19 ? 0 : 3,
      artifacts: [],
      archived:
        index === 0 ? [{ digest, tags: ["v0"], pushedAt: undefined, bytes: 1, isBeingRestored: false }] : [],
      bytes: index === 19 ? 0 : (index + 1) * 1000,
    })),
  };
  const text = showImages(document, plain, { allTags: false, now });
  expect(text).toContain("20 repositories: 57 images, 190 kB");
  expect(text).toMatch(/^shop\/s18 +3 +19 kB$/m);
  expect(text).toMatch(/^shop\/s0 +3 +1 kB +archived: 1 manifest \(v0\)$/m);
  expect(text).not.toMatch(/^shop\/s5 /m);
  expect(text).toContain("8 repositories not shown (--verbose lists them)");
  expect(text).toContain("1 repository not created yet (--verbose lists it)");
  expect(showImages(document, plain, { allTags: false, now, verbose: true })).toContain("shop/s5: 3 images");
});

test("a deployment of many services tells what was built and moved, on the terminal and in the job", () => {
  const document: DeployDocument = {
    version: 1,
    kind: "deploy",
    ...where,
    outcome: "done",
    services: names(11).map((service, index) => ({
      service,
      built: index === 4,
      sourceHash: "0123",
      digest,
      reference: `host/shop/${service}@${digest}`,
      manifests: {},
      tags: ["v1"],
    })),
    notBuilt: [],
    targets: names(11).map((name, index) => outcome(name, { outcome: index === 4 ? "done" : "unchanged" })),
    releases: [],
    timeline: [],
    milliseconds: 1000,
  };
  const text = showOutcome(document, plain);
  expect(text).toMatch(/^s4 +built/m);
  expect(text).toMatch(/^ecs shop\/s4 +done/m);
  expect(text).not.toContain("s5");
  expect(text).toContain("Deployed to dev: 1 built, 1 of 11 targets moved");
  expect(showOutcome(document, plain, true)).toContain("ecs shop/s5");
  const job = presentDeployment(document);
  expect(job.summary).toContain("1 built, 1 of 11 targets moved");
  expect(job.summary).not.toContain("`s5`");
  // Later jobs get the digest of every image.
  expect(JSON.stringify(job.outputs)).toContain("shop/s5");
});
