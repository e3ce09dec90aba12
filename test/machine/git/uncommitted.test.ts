import { appendFile, chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadStack } from "../../../config/description/load.ts";
import { readRevision } from "../../../runner/git/revision.ts";
import { findUncommitted } from "../../../runner/git/uncommitted.ts";
import { hashSources } from "../../../source/hash.ts";

let root: string;
let project: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-uncommitted-"));
  project = join(root, "repository/project");
  await git(root, "init", "-q", "-b", "main", join(root, "repository"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const settings = "config:\n  aws:region: eu-west-1\n";
const files = {
  "Pulumi.yaml": "name: test\nruntime: nodejs\n",
  "Pulumi.dev.yaml": settings,
  ".gitignore": ".slipway/\n.env\n",
  "base/Dockerfile": "FROM busybox:1\n",
  "base/lib.txt": "1\n",
  "ui/Dockerfile": "FROM busybox:1\n",
  "ui/.dockerignore": "docs\n",
  "ui/docs/a.txt": "1\n",
  "ui/index.html": "1\n",
  "proto/a/x.proto": "1\n",
  "../shared/x": "1\n",
};

function git(directory: string, ...args: readonly string[]) {
  const own = ["user.name=t", "user.email=t@localhost", "commit.gpgsign=false", "protocol.file.allow=always"];
  return execa("git", ["-C", directory, ...own.flatMap((one) => ["-c", one]), ...args]);
}

async function write(written: Readonly<Record<string, string>>, directory = project): Promise<void> {
  for (const [path, content] of Object.entries(written)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
}

async function commit(directory = project): Promise<void> {
  await git(directory, "add", "--all", join(directory === project ? "../" : "."));
  await git(directory, "commit", "-q", "--allow-empty", "-m", "commit");
}

/** A submodule with one file, at a path of the project. */
async function addSubmodule(path: string): Promise<void> {
  const library = join(root, "library");
  await git(root, "init", "-q", "-b", "main", library);
  await write({ lib: "1\n", Dockerfile: "FROM busybox:1\n" }, library);
  await commit(library);
  await git(project, "submodule", "-q", "add", library, path);
}

async function uncommitted(): Promise<readonly string[]> {
  const description = await loadStack(project, "dev", {});
  const described = { services: description.catalogue.services, baseImages: description.settings.baseImages };
  const sources = await hashSources(project, described, description.catalogue.services);
  const { commit: head = "" } = (await readRevision(project, {})) ?? {};
  const found = await findUncommitted(description, sources, head, new AbortController().signal);
  return found.get("ui") ?? [];
}

interface Case {
  readonly title: string;
  /** What ui says beside its context; default: nothing. */
  readonly ui?: object;
  readonly more?: object;
  /** Before the commit. */
  readonly prepare?: () => Promise<unknown>;
  readonly change: () => Promise<unknown>;
  readonly expected: readonly string[];
}

const edit = (path: string) => () => appendFile(join(project, path), "2\n");

const cases: readonly Case[] = [
  { title: "a file of the context", change: edit("ui/index.html"), expected: ["ui/index.html"] },
  { title: "a new file", change: () => write({ "ui/new": "" }), expected: ["ui/new"] },
  { title: "a deleted file", change: () => rm(join(project, "ui/index.html")), expected: ["ui/index.html"] },
  { title: "the Dockerfile", change: edit("ui/Dockerfile"), expected: ["ui/Dockerfile"] },
  {
    title: "what a linked Dockerfile leads to",
    prepare: async () => {
      await rename(join(project, "ui/Dockerfile"), join(project, "ui/docs/Dockerfile"));
      await symlink("docs/Dockerfile", join(project, "ui/Dockerfile"));
    },
    change: edit("ui/docs/Dockerfile"),
    expected: ["ui/docs/Dockerfile"],
  },
  {
    title: "a Dockerfile in lower case",
    prepare: () => rename(join(project, "ui/Dockerfile"), join(project, "ui/dockerfile")),
    change: edit("ui/dockerfile"),
    expected: ["ui/dockerfile"],
  },
  {
    title: "a Dockerfile that was committed in lower case",
    prepare: () => rename(join(project, "ui/Dockerfile"), join(project, "ui/dockerfile")),
    change: () => rename(join(project, "ui/dockerfile"), join(project, "ui/Dockerfile")),
    expected: ["ui/Dockerfile", "ui/dockerfile"],
  },
  {
    title: "nothing behind a linked Dockerfile and a linked ignore file",
    prepare: async () => {
      await rename(join(project, "ui/Dockerfile"), join(project, "ui/docs/Dockerfile"));
      await symlink("docs/Dockerfile", join(project, "ui/Dockerfile"));
      await rename(join(project, "ui/.dockerignore"), join(project, "ui/docs/ignore"));
      await symlink("docs/ignore", join(project, "ui/.dockerignore"));
    },
    change: edit("ui/docs/a.txt"),
    expected: [],
  },
  {
    title: "an OCI layout",
    ui: { contexts: { lib: "oci-layout://proto/layout" } },
    prepare: () => write({ "proto/layout/index.json": "{}" }),
    change: edit("proto/layout/index.json"),
    expected: ["proto/layout/index.json"],
  },
  { title: "a file that .dockerignore leaves out", change: edit("ui/docs/a.txt"), expected: [] },
  {
    title: "a .dockerignore that leaves in what it left out",
    change: () => write({ "ui/.dockerignore": "# nothing\n" }),
    expected: ["ui/.dockerignore", "ui/docs/a.txt"],
  },
  {
    title: "the Dockerfile's own ignore file, outside of the context",
    ui: { dockerfile: "docker/ui" },
    prepare: () => write({ "docker/ui": "FROM busybox:1\n", "docker/ui.dockerignore": "docs\n" }),
    change: () => write({ "docker/ui.dockerignore": "" }),
    expected: ["ui/docs/a.txt"],
  },
  {
    title: "a service that it is built from",
    ui: { needs: ["base"] },
    change: edit("base/lib.txt"),
    expected: ["base, which it is built from"],
  },
  {
    title: "another service",
    change: edit("base/lib.txt"),
    expected: [],
  },
  {
    title: "a named context",
    ui: { contexts: { protocols: "proto" } },
    change: edit("proto/a/x.proto"),
    expected: ["proto/a/x.proto"],
  },
  {
    title: "a shared pattern",
    more: { sharedPaths: ["proto/**/*.proto"] },
    change: edit("proto/a/x.proto"),
    expected: ["proto/a/x.proto"],
  },
  {
    title: "what no shared pattern matches",
    more: { sharedPaths: ["proto/**/*.proto"] },
    change: () => write({ "proto/a/README.md": "" }),
    expected: [],
  },
  {
    title: "an argument",
    ui: { arguments: { LEVEL: "1" } },
    change: () => write({ "services.yaml": catalogue({ arguments: { LEVEL: "2" } }) }),
    expected: ["services.yaml (argument LEVEL)"],
  },
  {
    title: "what the catalogue says of targets and not of the build",
    change: () => write({ "services.yaml": catalogue({ description: "A page" }) }),
    expected: [],
  },
  {
    title: "a service that the commit does not have",
    prepare: () => write({ "services.yaml": JSON.stringify({ services: { base: { context: "base" } } }) }),
    change: () => write({ "services.yaml": catalogue({}) }),
    expected: ["new service"],
  },
  {
    title: "a base image that the stack replaces",
    change: () =>
      write({ "Pulumi.dev.yaml": `${settings}  slipway:baseImages: { "busybox:1": "busybox:2" }\n` }),
    expected: ["Pulumi.dev.yaml (context busybox:1)"],
  },
  {
    title: "the salt and the strings that the engine writes into a stack's file",
    prepare: () => write({ "Pulumi.dev.yaml": `${settings}  aws:skipMetadataApiCheck: true\n` }),
    change: () =>
      write({
        "Pulumi.dev.yaml": `encryptionsalt: v1:abc=:v1:def\n${settings}  aws:skipMetadataApiCheck: "true"\n`,
      }),
    expected: [],
  },
  {
    title: "untracked files that git does not show",
    change: async () => {
      await git(project, "config", "status.showUntrackedFiles", "no");
      await write({ "ui/new": "" });
    },
    expected: ["ui/new"],
  },
  {
    title: "a skip-worktree file",
    change: async () => {
      await git(project, "update-index", "--skip-worktree", "ui/index.html");
      await edit("ui/index.html")();
    },
    expected: ["ui/index.html"],
  },
  {
    title: "a skip-worktree file as it was",
    change: () => git(project, "update-index", "--skip-worktree", "ui/index.html"),
    expected: [],
  },
  {
    title: "an assume-unchanged file",
    change: async () => {
      await git(project, "update-index", "--assume-unchanged", "ui/index.html");
      await edit("ui/index.html")();
    },
    expected: ["ui/index.html"],
  },
  {
    title: "the executable bit, where git looks away from it",
    change: async () => {
      await git(project, "config", "core.fileMode", "false");
      await chmod(join(project, "ui/index.html"), 0o755);
    },
    expected: ["ui/index.html"],
  },
  {
    title: "a file that git ignores and the build reads",
    change: () => write({ "ui/.env": "A=1\n" }),
    expected: ["ui/.env (ignored by git, but read by the build)"],
  },
  {
    title: "a file that git and the build ignore",
    prepare: () => write({ "ui/.dockerignore": "docs\n.env\n" }),
    change: () => write({ "ui/.env": "A=1\n" }),
    expected: [],
  },
  {
    title: "a context that is a link",
    prepare: async () => {
      await mkdir(join(project, "packages"));
      await rename(join(project, "ui"), join(project, "packages/ui"));
      await symlink("packages/ui", join(project, "ui"));
    },
    change: edit("packages/ui/index.html"),
    expected: ["ui/index.html"],
  },
  {
    title: "a context that is a link, out of the project's directory",
    prepare: async () => {
      await rename(join(project, "ui"), join(project, "../ui"));
      await symlink("../ui", join(project, "ui"));
    },
    change: edit("../ui/index.html"),
    expected: ["ui/index.html"],
  },
  {
    title: "a context that is a link, as it was",
    prepare: async () => {
      await mkdir(join(project, "packages"));
      await rename(join(project, "ui"), join(project, "packages/ui"));
      await symlink("packages/ui", join(project, "ui"));
    },
    change: async () => {},
    expected: [],
  },
  {
    title: "a link that leads elsewhere now",
    prepare: () => symlink("index.html", join(project, "ui/link")),
    change: async () => {
      await rm(join(project, "ui/link"));
      await symlink("docs/a.txt", join(project, "ui/link"));
    },
    expected: ["ui/link"],
  },
  {
    title: "a context that is a link out of the repository: it is in no commit",
    prepare: async () => {
      await rename(join(project, "ui"), join(root, "ui"));
      await symlink("../../ui", join(project, "ui"));
    },
    change: async () => {},
    expected: ["it could not be built at that commit: ui has no Dockerfile"],
  },
  {
    title: "a named context that is a link out of the project's directory, as it was",
    ui: { contexts: { shared: "shared" } },
    prepare: () => symlink("../shared", join(project, "shared")),
    change: async () => {},
    expected: [],
  },
  {
    title: "a file of a submodule that git is told to ignore",
    prepare: () => addSubmodule("ui/lib"),
    change: async () => {
      await git(project, "config", "diff.ignoreSubmodules", "all");
      await git(project, "config", "submodule.project/ui/lib.ignore", "all");
      await edit("ui/lib/lib")();
    },
    expected: ["ui/lib/lib"],
  },
  {
    title: "a submodule as it was",
    prepare: () => addSubmodule("ui/lib"),
    change: async () => {},
    expected: [],
  },
  {
    title: "a context that is a submodule",
    ui: { context: "library" },
    prepare: () => addSubmodule("library"),
    change: edit("library/lib"),
    expected: ["library/lib"],
  },
  {
    title: "a context that is a submodule, as it was",
    ui: { context: "library" },
    prepare: () => addSubmodule("library"),
    change: async () => {},
    expected: [],
  },
  {
    title: "a repository inside the context that is no submodule",
    change: async () => {
      await git(root, "init", "-q", join(project, "ui/nested"));
      await write({ "ui/nested/x": "1\n" });
    },
    expected: ["ui/nested/x"],
  },
  {
    title: "what Slipway keeps in a context that is the whole project",
    ui: { context: ".", dockerfile: "ui/Dockerfile" },
    change: () => write({ ".slipway/contexts/ui": "1\n", "ui/.slipway/source-cache": "1\n" }),
    expected: [],
  },
  {
    title: "a part of the context that a sparse checkout leaves out",
    prepare: () => write({ "ui/large/a": "1\n" }),
    change: () =>
      git(join(project, ".."), "sparse-checkout", "set", "--no-cone", "/*", "!/project/ui/large/"),
    expected: ["ui/large/a"],
  },
  {
    title: "a part outside of the context that a sparse checkout leaves out",
    prepare: () => write({ "../other/a": "1\n" }),
    change: () => git(join(project, ".."), "sparse-checkout", "set", "--no-cone", "/*", "!/other/"),
    expected: [],
  },
  {
    title: "line ends that the checkout writes",
    prepare: () => write({ ".gitattributes": "*.html text eol=crlf\n" }),
    change: async () => {
      await rm(join(project, "ui/index.html"));
      await git(project, "checkout", "-q", "--", "ui/index.html");
    },
    expected: [],
  },
  {
    title: "a file that was touched",
    change: () => write({ "ui/index.html": "1\n" }),
    expected: [],
  },
  {
    title: "what is staged and not committed",
    change: async () => {
      await edit("ui/index.html")();
      await git(project, "add", "ui/index.html");
    },
    expected: ["ui/index.html"],
  },
];

function catalogue(ui: object, more: object = {}): string {
  return JSON.stringify({ services: { base: { context: "base" }, ui: { context: "ui", ...ui } }, ...more });
}

test.each(cases)("$title", async ({ ui = {}, more = {}, prepare, change, expected }) => {
  await write({ ...files, "services.yaml": catalogue(ui, more) });
  await prepare?.();
  await commit();
  await change();
  expect(await uncommitted()).toEqual(expected);
});
