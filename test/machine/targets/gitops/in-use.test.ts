import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UserError } from "../../../../config/problems/errors.ts";
import { gitopsTargetSchema, resolveGitopsTarget } from "../../../../config/targets/gitops/target.ts";
import { applicationSchema } from "../../../../runner/targets/gitops/follow/argocd/application.ts";
import { imagesInGitops, type ReadApplications } from "../../../../runner/targets/gitops/in-use.ts";
import { fakeContext, sha } from "../../../unit/targets/fakes.ts";
import { commitFiles, type GitServer, git, makeRepository, serveGit } from "./git-server.ts";

const reference = (letter: string) => `localhost:5000/shop/ui@${sha(letter)}`;
const manifest = (letter: string) => `image: ${reference(letter)}\n`;

let server: GitServer;
let commits: readonly string[];
let repository: string;

beforeAll(async () => {
  server = await serveGit();
  const bare = makeRepository(server.root, "deploy.git", { "ui.yaml": manifest("1") });
  repository = `${server.url}/deploy.git`;
  const first = git(bare, "rev-parse", "main").trim();
  commits = [
    first,
    ...["2", "3"].map((letter) => commitFiles(bare, { "ui.yaml": manifest(letter) }, letter)),
    commitFiles(bare, { "ui.yaml": "image: [\n" }, "broken"),
    commitFiles(bare, { "ui.yaml": manifest("4") }, "4"),
  ];
});
afterAll(() => server.close());

const targetOf = (follow: object) =>
  resolveGitopsTarget(
    gitopsTargetSchema.parse({
      kind: "gitops",
      repository,
      files: [{ path: "ui.yaml", yaml: "image" }],
      follow,
    }),
    "ui",
    (text) => text,
  );

/** An Application with these in its history. */
const applicationOf = (history: readonly object[], spec: object = {}) =>
  applicationSchema.parse({
    metadata: { name: "ui-dev" },
    spec: { source: { repoURL: repository, path: "." }, ...spec },
    status: { history },
  });

async function look(read: ReadApplications, follow: object = { argocd: { application: "ui-dev" } }) {
  const unseen: string[] = [];
  const context = {
    ...fakeContext(),
    directory: mkdtempSync(join(tmpdir(), "slipway-in-use-")),
    unseen: (place: string) => unseen.push(place),
  };
  const uses = await imagesInGitops(context, [targetOf(follow)], read);
  return { unseen, images: uses.map(({ reference: image, why }) => [image, why]) };
}

const head = () => [reference("4"), `ui.yaml at ${commits[4]?.slice(0, 7)}, HEAD of main`];
const rollback = (letter: string, index: number) => [
  reference(letter),
  `ui.yaml at ${commits[index]?.slice(0, 7)}, to which Argo CD could roll ui-dev back`,
];

test("the images at the commits of an Application's history are in use, beside that of the branch", async () => {
  const history = [0, 1, 1, 4].map((index) => ({ revision: commits[index] }));
  const { images, unseen } = await look(async () => [applicationOf(history)]);
  expect(images).toEqual([head(), rollback("1", 0), rollback("2", 1), rollback("4", 4)]);
  expect(unseen).toEqual([]);
});

test("of several sources, the revisions of the manifests' repository count", async () => {
  const sources = [
    { repoURL: "https://charts.example.com", chart: "web", targetRevision: "1.2.3" },
    { repoURL: repository, ref: "values", targetRevision: "main" },
  ];
  const history = [{ revisions: ["1.2.3", commits[2]], sources }];
  const { images } = await look(async () => [applicationOf(history, { source: undefined, sources })]);
  expect(images).toEqual([head(), rollback("3", 2)]);
});

test("a commit that is gone, and one that can't be read, are unseen", async () => {
  const history = [{ revision: "e".repeat(40) }, { revision: commits[3] }];
  const { images, unseen } = await look(async () => [applicationOf(history)]);
  expect(images).toEqual([head()]);
  expect(unseen).toEqual([
    "the manifests at eeeeeee, to which Argo CD could roll ui-dev back (the repository does not have the commit)",
    expect.stringMatching(/^ui\.yaml at \w{7}, to which Argo CD could roll ui-dev back \(.+\)$/),
  ]);
});

test("a cluster that can't be read, rendered manifests and Helm releases of Flux are unseen", async () => {
  const refused = await look(async () => {
    throw new UserError({ code: "cluster-refused", message: "forbidden", fix: "allow it" });
  });
  expect(refused.images).toEqual([head()]);
  expect(refused.unseen).toEqual(["what Argo CD could roll Application ui-dev back to (forbidden)"]);
  const hydrated = await look(async () => [
    applicationOf([{ revision: commits[0] }], { source: undefined, sourceHydrator: {} }),
  ]);
  expect(hydrated.unseen).toEqual([
    "what Argo CD could roll Application ui-dev back to (its history is of rendered manifests)",
  ]);
  const flux = await look(
    async () => {
      throw new Error("Flux has no Applications");
    },
    { flux: { kustomization: "apps", helmRelease: "ui" } },
  );
  expect(flux.unseen).toEqual(["what Flux could roll HelmRelease ui back to"]);
  const nobody = await look(async () => [], "none" as unknown as object);
  expect([nobody.images, nobody.unseen]).toEqual([[head()], []]);
});
