import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { commands } from "../../../runner/cli.ts";
import { type Job, readAction, readWorkflows, type Step } from "../../workflows.ts";

const root = join(import.meta.dirname, "../../..");
const workflows = readWorkflows();
const action = readAction();
const jobs = Object.entries(workflows).flatMap(([file, workflow]) =>
  Object.entries(workflow.jobs).map(([name, job]) => [`${file}: ${name}`, job, workflow] as const),
);
const steps: readonly (readonly [string, Step])[] = [
  ...jobs.flatMap(([title, job]) => job.steps.map((step) => [title, step] as const)),
  ...action.runs.steps.map((step) => ["action.yml", step] as const),
];
const ours = (job: Job) => job.steps.filter(({ uses }) => uses === "./");

describe("every workflow", () => {
  test("is for a trigger that hands no rights to the code of a fork", () => {
    for (const [file, { on }] of Object.entries(workflows)) {
      expect(Object.keys(on), file).not.toContain("pull_request_target");
      expect(Object.keys(on), file).not.toContain("workflow_run");
    }
  });

  test("may read the code, and nothing else unless a job says so", () => {
    for (const [file, { permissions }] of Object.entries(workflows)) {
      expect(permissions, file).toEqual({ contents: "read" });
    }
  });

  test("pins actions by commit, with the version beside it", () => {
    const files = [
      "action.yml",
      ...readdirSync(join(root, ".github/workflows")).map((file) => `.github/workflows/${file}`),
    ];
    for (const file of files) {
      for (const line of readFileSync(join(root, file), "utf8").split("\n")) {
        if (!/^\s*(- )?uses:/.test(line)) continue;
        expect(line, file).toMatch(/uses: (\.\/|[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/);
      }
    }
  });

  test("puts no expression into a script: values go through variables", () => {
    for (const [title, { run }] of steps) expect(run ?? "", title).not.toContain("${{");
  });
});

describe("every job", () => {
  test.each(jobs)("%s ends in time, and writes only what it needs to", (_, job) => {
    expect(job["timeout-minutes"]).toBeLessThanOrEqual(90);
    const writes = Object.entries(job.permissions ?? {})
      .filter(([, access]) => access === "write")
      .map(([scope]) => scope);
    const takesRole = ours(job).some((step) => step.with?.role !== undefined);
    const comments = ours(job).some((step) => step.with?.comment !== undefined);
    const keepsIssue = ours(job).some((step) => String(step.with?.arguments).includes("--issue"));
    const uploads = job.steps.some(({ uses }) => uses?.startsWith("github/codeql-action/upload-sarif@"));
    const publishes = job.steps.some(({ run }) => run?.startsWith("npm publish"));
    expect(writes).toEqual([
      ...(takesRole || publishes ? ["id-token"] : []),
      ...(comments ? ["pull-requests"] : []),
      ...(keepsIssue ? ["issues"] : []),
      ...(uploads ? ["security-events"] : []),
    ]);
  });

  test.each(jobs)("%s checks out all history, and leaves no token behind", (_, job) => {
    const [checkout] = job.steps;
    expect(checkout?.uses).toMatch(/^actions\/checkout@/);
    expect(checkout?.with).toEqual({ "fetch-depth": 0, "persist-credentials": false });
  });

  test.each(jobs)("%s never cancels a deployment, and there is one at a time for a stack", (_, job) => {
    for (const step of ours(job)) {
      const command = step.with?.command ?? "deploy";
      const rebuilds = command === "outdated" && String(step.with?.arguments ?? "").includes("--rebuild");
      if (command !== "deploy" && command !== "promote" && !rebuilds) continue;
      const promotedTo = /^--to=(.+)$/m.exec(String(step.with?.arguments ?? ""))?.[1];
      const stack = command === "promote" ? promotedTo : step.with?.stack;
      expect(job.concurrency).toEqual({ group: `slipway-${stack}`, "cancel-in-progress": false });
      expect(job.environment).toBe(stack);
    }
  });

  test("that publishes does so for a tag of Slipway's own, checked and tested, with provenance", () => {
    const publishing = jobs.filter(([, job]) => job.steps.some(({ run }) => run?.includes("npm publish")));
    expect(publishing.map(([title]) => title)).toEqual(["publish: publish"]);
    for (const [, job, { on }] of publishing) {
      expect(on).toEqual({ push: { tags: ["slipway-v*"] } });
      const runs = job.steps.flatMap(({ run }) => run ?? []);
      expect(runs).toEqual([
        ".github/release/check-tag",
        ".ci/run",
        'npm pkg set repository.type=git "repository.url=git+$GITHUB_SERVER_URL/$GITHUB_REPOSITORY.git"',
        "npm publish --provenance --access public",
      ]);
      expect(JSON.stringify(job)).not.toContain("secrets.");
    }
  });

  test("that a fork starts takes no role and no secret", () => {
    for (const [title, job, { on }] of jobs) {
      if (!("pull_request" in on)) continue;
      const text = JSON.stringify(job);
      expect(text, title).not.toContain("secrets.");
      // GitHub makes a fork's id-token: write nothing, and no role is asked for either.
      const isOwn = "github.event.pull_request.head.repo.full_name == github.repository";
      for (const step of ours(job)) {
        if (step.with?.role === undefined) continue;
        expect(`${job.if} ${step.with.role}`, title).toContain(isOwn);
      }
    }
  });

  test("that uploads findings uploads the folder that the scan before it writes to", () => {
    const uploading = jobs.filter(([, job]) =>
      job.steps.some(({ uses }) => uses?.includes("/upload-sarif@")),
    );
    expect(uploading.map(([title]) => title)).toEqual(["scheduled: findings"]);
    for (const [, job] of uploading) {
      const [, written] = /^--sarif=(\S+)$/m.exec(String(job.steps.at(-2)?.with?.arguments)) ?? [];
      expect(dirname(written ?? "")).toBe(job.steps.at(-1)?.with?.sarif_file);
    }
  });

  test("runs commands that there are, with inputs that the action has", () => {
    const names = commands.map(({ name }) => name);
    for (const [title, job] of jobs) {
      for (const step of ours(job)) {
        expect(Object.keys(action.inputs), title).toEqual(
          expect.arrayContaining(Object.keys(step.with ?? {})),
        );
        expect(names, title).toContain(step.with?.command ?? "deploy");
      }
    }
  });
});

test("the weekly report takes the role that only looks, where the stack has one", () => {
  const [report] = ours(workflows.lifecycle?.jobs.report as Job);
  expect(report?.with?.role).toBe("${{ vars.SLIPWAY_INSPECT_ROLE || vars.SLIPWAY_DEPLOY_ROLE }}");
});
