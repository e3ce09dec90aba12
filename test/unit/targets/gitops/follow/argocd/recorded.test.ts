import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  type Application,
  applicationSchema,
  historyOf,
  revisionsOf,
} from "../../../../../../runner/targets/gitops/follow/argocd/application.ts";
import { judgeApplication } from "../../../../../../runner/targets/gitops/follow/argocd/verdict.ts";
import type { Delivered, Standing } from "../../../../../../runner/targets/gitops/follow/verdict.ts";

// Applications as Argo CD 3.6.1 itself kept them: `npm run test:kubernetes` records them.

const folder = join(import.meta.dirname, "recorded");
const repository = "https://git.example.com/acme/deploy.git";
const read = (name: string): Application =>
  applicationSchema.parse(JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")));

/** What each was asked about: the letter of the digest that was delivered. */
const recorded: Readonly<
  Record<string, { readonly letter: string; readonly closedWindow?: string; readonly verdict: object }>
> = {
  healthy: {
    letter: "1",
    verdict: { kind: "running", message: expect.stringContaining(", Healthy, runs ") },
  },
  syncing: { letter: "2", verdict: { kind: "waiting", message: expect.stringMatching(/^syncing/) } },
  "out-of-sync": { letter: "2", verdict: { kind: "waiting" } },
  progressing: {
    letter: "2",
    verdict: { kind: "waiting", message: expect.stringMatching(/^Synced; Progressing/) },
  },
  degraded: { letter: "b", verdict: { kind: "failing", reason: expect.stringMatching(/^Degraded/) } },
  suspended: { letter: "3", verdict: { kind: "paused" } },
  "comparison-error": {
    letter: "4",
    verdict: { kind: "failing", reason: expect.stringMatching(/^ComparisonError: .*missing\.yaml/s) },
  },
  "sync-failed": {
    letter: "5",
    verdict: { kind: "failed", reason: expect.stringMatching(/^the sync failed/) },
  },
  "window-closed": {
    letter: "3",
    // The project says so, and not the Application.
    closedWindow: 'deny "* * * * *" for 1h',
    verdict: { kind: "paused", message: 'a sync window is closed: deny "* * * * *" for 1h' },
  },
  "not-automated": {
    letter: "6",
    verdict: { kind: "paused", message: expect.stringContaining("does not sync this Application by itself") },
  },
};

function delivered(application: Application, letter: string): Delivered {
  const commit = application.status.sync?.revision ?? "";
  const digest = `sha256:${letter.repeat(64)}`;
  const reference = `111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/ui@${digest}`;
  const standings = new Map<string, Standing>([[commit, "ours"]]);
  return { repository, branch: "main", commit, digest, reference, standings };
}

test("each recorded Application has its verdict", () => {
  const files = readdirSync(folder).map((name) => name.replace(/\.json$/, ""));
  expect(files.toSorted()).toEqual(Object.keys(recorded).toSorted());
});

test.each(Object.entries(recorded))(
  "Argo CD's own Application, %s, is judged",
  (name, { letter, closedWindow, verdict }) => {
    const application = read(name);
    const sight = { isRefreshed: true, closedWindow };
    const found = judgeApplication(application, delivered(application, letter), sight);
    expect(found).toMatchObject(verdict);
    expect(revisionsOf(application).length).toBeGreaterThan(0);
  },
);

test("the history of a recorded Application has the commits that it was synced to", () => {
  const application = read("degraded");
  expect(historyOf(application, repository)).toContain(application.status.sync?.revision);
  expect(historyOf(application, repository)?.length).toBeGreaterThan(2);
});

test("a recording holds neither an address of the machine nor a token", () => {
  for (const name of readdirSync(folder)) {
    expect(readFileSync(join(folder, name), "utf8")).not.toMatch(/127\.0\.0\.1|localhost|\/tmp\/|token/i);
  }
});
