import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { canonicalJson } from "../../../config/canonical-json.ts";
import type { Service } from "../../../config/catalogue/catalogue.ts";
import { warnOfPointers } from "../../../runner/git/pointers.ts";
import type { Emit } from "../../../runner/report/events.ts";
import { hashSources, type Source } from "../../../source/hash.ts";
import { stageContext } from "../../../source/stage.ts";

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), "slipway-source-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  return rm(project, { recursive: true, force: true });
});

const service: Service = {
  name: "ui",
  context: "ui",
  dockerfile: "ui/Dockerfile",
  platforms: ["linux/amd64"],
  arguments: {},
  secrets: {},
  contexts: {},
  extraInputs: [],
  targets: [],
};

async function write(files: Record<string, string>, root = project): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

async function read(
  root: string,
  one: Service,
  baseImages: Record<string, string> = {},
  others: readonly Service[] = [],
): Promise<Source> {
  const sources = await hashSources(root, { services: [one, ...others], baseImages }, [one]);
  const source = sources.get(one.name);
  if (source === undefined) throw new Error("not hashed");
  return source;
}

async function hash(overrides: Partial<Service> = {}, root = project): Promise<string> {
  return (await read(root, { ...service, ...overrides })).hash;
}

const base = {
  "ui/Dockerfile": "FROM scratch\nCOPY . /\n",
  "ui/www/index.html": "hello",
  "ui/run.sh": "#!/bin/sh\n",
};

describe("the source hash", () => {
  test("is the same in another place, with other times, another umask and another order of writing", async () => {
    await write(base);
    const elsewhere = await mkdtemp(join(tmpdir(), "slipway-elsewhere-"));
    try {
      const previous = process.umask(0o077);
      try {
        await write(Object.fromEntries(Object.entries(base).reverse()), elsewhere);
      } finally {
        process.umask(previous);
      }
      await utimes(join(elsewhere, "ui/www/index.html"), 1, 1);
      expect((await stat(join(elsewhere, "ui/run.sh"))).mode).not.toBe(
        (await stat(join(project, "ui/run.sh"))).mode,
      );
      expect(await hash({}, elsewhere)).toBe(await hash());
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  test("changes with content, name, executable bit, link, Dockerfile, and with nothing that is ignored", async () => {
    await write({ ...base, "ui/.dockerignore": "notes\n*.log\n!keep.log\n" });
    const before = await hash();
    const seen = new Set([before]);
    const changed = async (what: string) => {
      const now = await hash();
      expect(seen, what).not.toContain(now);
      seen.add(now);
    };
    await write({ "ui/www/index.html": "hello!" });
    await changed("content");
    await cp(join(project, "ui/www/index.html"), join(project, "ui/www/about.html"));
    await changed("a new file");
    await chmod(join(project, "ui/run.sh"), 0o755);
    await changed("executable");
    await symlink("www", join(project, "ui/link"));
    await changed("a link");
    await write({ "ui/Dockerfile": "FROM scratch\n" });
    await changed("the Dockerfile");
    await write({ "ui/keep.log": "kept by an exception" });
    await changed("an exception");
    const after = await hash();
    await write({ "ui/notes/today.txt": "x", "ui/build.log": "x" });
    await mkdir(join(project, "ui/empty"));
    expect(await hash()).toBe(after);
  });

  test("counts arguments, stage, platforms, salt, names of secrets, and named contexts with their own ignore files", async () => {
    await write({
      ...base,
      "shared/lib.sh": "1",
      "shared/.dockerignore": "*.md\n",
      "shared/a.md": "1",
      VERSION: "1",
    });
    const shared = { contexts: { shared: "shared" }, extraInputs: ["VERSION"] };
    const hashes = [
      await hash(),
      await hash({ arguments: { A: "1" } }),
      await hash({ arguments: { A: "2" } }),
      await hash({ stage: "test" }),
      await hash({ platforms: ["linux/amd64", "linux/arm64"] }),
      await hash({ salt: "1" }),
      await hash({ secrets: { token: { environment: "TOKEN" } } }),
      await hash(shared),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(await hash({ platforms: ["linux/arm64", "linux/amd64"] })).toBe(hashes[4]);
    expect(await hash({ secrets: { token: { environment: "OTHER" } } })).toBe(hashes[6]);
    await write({ "shared/a.md": "2" });
    expect(await hash(shared)).toBe(hashes[7]);
    await write({ "shared/lib.sh": "2" });
    const library = await hash(shared);
    expect(library).not.toBe(hashes[7]);
    await write({ VERSION: "2" });
    expect(await hash(shared)).not.toBe(library);
  });

  test("does not depend on the order of an object's keys", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (description) => {
        const reversed = Object.fromEntries(Object.entries(description).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(description));
      }),
    );
  });

  test("is the same for any tree of files, wherever, in whatever order and under whatever umask it was written", async () => {
    const name = fc.stringMatching(/^[A-Za-z0-9 ._é-]{1,8}$/).filter((one) => !/^\.+$/.test(one.trim()));
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
    const trees = fc.dictionary(path, fc.record({ text: fc.string(), run: fc.boolean() }), {
      maxKeys: 8,
      noNullPrototype: true,
    });
    await fc.assert(
      fc.asyncProperty(trees, fc.nat(), async (tree, seed) => {
        const entries = Object.entries(tree).filter(
          ([one]) => !Object.keys(tree).some((other) => one !== other && other.startsWith(`${one}/`)),
        );
        const places = await Promise.all(
          [0o022, 0o077].map(async (umask, index) => {
            const root = await mkdtemp(join(tmpdir(), `slipway-tree-${index}-`));
            const order = index === 0 ? entries : [...entries].sort(() => ((seed * 7919) % 3) - 1).reverse();
            return { root, umask, order };
          }),
        );
        try {
          const hashes: string[] = [];
          for (const { root, umask, order } of places) {
            const previous = process.umask(umask);
            try {
              await write({ "ui/Dockerfile": "FROM scratch\n" }, root);
              for (const [one, { text, run }] of order) {
                await write({ [`ui/files/${one}`]: text }, root);
                if (run) await chmod(join(root, `ui/files/${one}`), 0o777 & ~umask);
                await utimes(join(root, `ui/files/${one}`), seed % 1e9, seed % 1e9);
              }
            } finally {
              process.umask(previous);
            }
            hashes.push(await hash({}, root));
          }
          expect(hashes[0]).toBe(hashes[1]);
        } finally {
          await Promise.all(places.map(({ root }) => rm(root, { recursive: true, force: true })));
        }
      }),
      { numRuns: 40 },
    );
  });

  test("covers the source hash of the service that it is built from, before either is built", async () => {
    await write({ ...base, "base/Dockerfile": "FROM scratch\n", "base/tool": "1" });
    const tools: Service = { ...service, name: "tools", context: "base", dockerfile: "base/Dockerfile" };
    const needs = { ...service, contexts: { tools: "service://tools" } };
    const before = (await read(project, needs, {}, [tools])).hash;
    expect(before).not.toBe(await hash());
    await write({ "base/tool": "2" });
    expect((await read(project, needs, {}, [tools])).hash).not.toBe(before);
    await write({ "base/tool": "1" });
    expect((await read(project, needs, {}, [tools])).hash).toBe(before);
  });

  test("takes extra inputs as files, folders and patterns, each file once", async () => {
    await write({
      ...base,
      "proto/a.proto": "1",
      "proto/deep/b.proto": "1",
      "proto/readme.md": "1",
      VERSION: "1",
    });
    const extraInputs = ["VERSION", "proto/**/*.proto", "proto/*.proto"];
    const source = await read(project, { ...service, extraInputs });
    expect(source.inputs.extraInputs.map(({ path }) => path)).toEqual([
      "VERSION",
      "proto/a.proto",
      "proto/deep/b.proto",
    ]);
    await write({ "proto/readme.md": "2" });
    expect(await hash({ extraInputs })).toBe(source.hash);
    await write({ "proto/deep/b.proto": "2" });
    expect(await hash({ extraInputs })).not.toBe(source.hash);
  });

  test("leaves out what is Slipway's own when the whole project is the context, and follows no link in a circle", async () => {
    await write({ ...base, Dockerfile: "FROM scratch\n", ".slipway/state.json": "1" });
    await symlink("..", join(project, "ui/loop"));
    await symlink("self", join(project, "ui/self"));
    const whole = { context: ".", dockerfile: "Dockerfile" };
    const before = await hash(whole);
    await write({ ".slipway/state.json": "2" });
    expect(await hash(whole)).toBe(before);
    const { inputs } = await read(project, { ...service, ...whole });
    expect(inputs.context.map(({ path }) => path)).toEqual([
      "Dockerfile",
      "ui/Dockerfile",
      "ui/loop",
      "ui/run.sh",
      "ui/self",
      "ui/www/index.html",
    ]);
  });

  test("leaves out what git keeps for itself, at any depth, unless an exception asks for it", async () => {
    await write({ ...base, "ui/.git/HEAD": "1", "ui/lib/.git": "gitdir: elsewhere" });
    const paths = async () => (await read(project, service)).inputs.context.map(({ path }) => path);
    expect(await paths()).toEqual(["Dockerfile", "run.sh", "www/index.html"]);
    await write({ "ui/.dockerignore": "!.git\n" });
    expect(await paths()).toEqual([
      ".dockerignore",
      ".git/HEAD",
      "Dockerfile",
      "lib/.git",
      "run.sh",
      "www/index.html",
    ]);
  });

  test("reads a Dockerfile that its own ignore file leaves out, and one outside of the context", async () => {
    await write({ ...base, "ui/.dockerignore": "*\n!www\n", "docker/ui.Dockerfile": "FROM scratch\n" });
    const inside = await read(project, service);
    expect(inside.inputs.context.map(({ path }) => path)).toEqual(["www/index.html"]);
    const outside = { ...service, dockerfile: "docker/ui.Dockerfile" };
    await stageContext(project, await read(project, outside));
    await write({ "docker/ui.Dockerfile.dockerignore": "www\n" });
    const own = await read(project, outside);
    expect(own.inputs.context.map(({ path }) => path)).toEqual([".dockerignore", "Dockerfile", "run.sh"]);
  });

  test("reads the Dockerfile and the ignore files behind links, as BuildKit does within their folders", async () => {
    await write({
      "ui/docker/prod": "FROM scratch\n",
      "ui/docker/ignore": "www\ndocker\n",
      "ui/www/index.html": "hello",
    });
    await symlink("docker", join(project, "ui/current"));
    await symlink("current/prod", join(project, "ui/Dockerfile"));
    await symlink("../ui/docker/ignore", join(project, "ui/docker/linked"));
    await symlink("docker/ignore", join(project, "ui/.dockerignore"));
    const before = await read(project, service);
    expect(before.inputs.context.map(({ path }) => path)).toEqual([".dockerignore", "Dockerfile", "current"]);
    expect(before.inputs.baseImages).toEqual([]);
    const staged = await stageContext(project, before);
    expect(await readFile(join(project, staged.dockerfile), "utf8")).toBe("FROM scratch\n");
    await write({ "ui/docker/prod": "FROM busybox:1\n" });
    const after = await read(project, service);
    expect(after.hash).not.toBe(before.hash);
    expect(after.inputs.baseImages).toEqual(["busybox:1"]);
    await write({ "ui/docker/ignore": "docker\n" });
    expect((await read(project, service)).inputs.context.map(({ path }) => path)).toContain("www/index.html");
    // The same as without the links.
    await rm(join(project, "ui/Dockerfile"));
    await write({ "ui/Dockerfile": "FROM busybox:1\n" });
    expect((await read(project, service)).description.dockerfile).toBe(after.description.dockerfile);
  });

  test.each([
    [
      "Dockerfile",
      "../common/Dockerfile",
      "name the file itself in services.yaml: dockerfile: common/Dockerfile",
    ],
    ["Dockerfile", "/common/Dockerfile", "write the file itself in the link's place"],
    ["Dockerfile", "../../elsewhere", "write the file itself in the link's place"],
    [".dockerignore", "../common/ignore", "write the file itself in the link's place"],
    ["Dockerfile.dockerignore", "../common/ignore", "write the file itself in the link's place"],
  ])("refuses %s that leads to %s, where BuildKit finds nothing", async (name, target, fix) => {
    await write({ ...base, "common/Dockerfile": "FROM scratch\n", "common/ignore": "www\n" });
    await rm(join(project, "ui", name), { force: true });
    await symlink(target, join(project, "ui", name));
    await expect(hash()).rejects.toMatchObject({
      problems: [{ code: "link-leads-out", where: `ui/${name}`, fix }],
    });
  });

  test("takes a dockerfile in lower case, and its own ignore file, where there is no Dockerfile", async () => {
    await write({
      "ui/dockerfile": "FROM busybox:1\n",
      "ui/dockerfile.dockerignore": "lower\n",
      "ui/Dockerfile.dockerignore": "upper\n",
      "ui/.dockerignore": "*\n",
      "ui/lower": "",
      "ui/upper": "",
    });
    const lower = await read(project, service);
    expect(lower.inputs.dockerfile.path).toBe("ui/dockerfile");
    expect(lower.inputs.baseImages).toEqual(["busybox:1"]);
    expect(lower.inputs.context.map(({ path }) => path)).toContain("upper");
    expect(lower.inputs.context.map(({ path }) => path)).not.toContain("lower");
    const staged = await stageContext(project, lower);
    expect(await readFile(join(project, staged.dockerfile), "utf8")).toBe("FROM busybox:1\n");

    await write({ "ui/Dockerfile": "FROM scratch\n" });
    const both = await read(project, service);
    expect(both.inputs.dockerfile.path).toBe("ui/Dockerfile");
    expect(both.inputs.baseImages).toEqual([]);
    expect(both.inputs.context.map(({ path }) => path)).toContain("lower");
    expect(both.inputs.context.map(({ path }) => path)).not.toContain("upper");

    // A name that the catalogue has is taken by its letters.
    await expect(hash({ dockerfile: "ui/DOCKERFILE" })).rejects.toMatchObject({
      problems: [{ code: "missing-file", key: "services.ui.dockerfile", value: "ui/DOCKERFILE" }],
    });
    await rm(join(project, "ui/Dockerfile"));
    await rm(join(project, "ui/dockerfile"));
    await expect(hash()).rejects.toMatchObject({
      problems: [{ code: "missing-file", key: "services.ui.context", value: "ui" }],
    });
  });

  test("takes an ignore file that is a folder, or a link to nothing, for none, and names a circle", async () => {
    await write({ ...base, "ui/.dockerignore/x": "" });
    expect((await read(project, service)).files).toBe(4);
    await symlink("nothing", join(project, "ui/Dockerfile.dockerignore"));
    expect((await read(project, service)).files).toBe(5);
    await rm(join(project, "ui/.dockerignore"), { recursive: true });
    await symlink(".dockerignore", join(project, "ui/.dockerignore"));
    await expect(hash()).rejects.toThrow(/leads back to itself/);
  });

  test("counts what a named extra input leads to", async () => {
    await write({ ...base, "shared/version": "1", "shared/folder/x": "1" });
    await symlink("shared/version", join(project, "version"));
    await symlink("shared/folder", join(project, "folder"));
    const first = await read(project, { ...service, extraInputs: ["version", "folder"] });
    expect(first.inputs.extraInputs.map(({ path }) => path)).toEqual(["folder/x", "version"]);
    await write({ "shared/version": "2" });
    expect(await hash({ extraInputs: ["version", "folder"] })).not.toBe(first.hash);
  });

  test("counts an OCI layout by its content, and builds from a copy of it", async () => {
    const layout = { ...service, contexts: { base: "oci-layout://layouts/base:1" } };
    await write({ ...base, "layouts/base/index.json": "{}", "layouts/base/blobs/sha256/a": "a" });
    const first = await read(project, layout);
    const staged = await stageContext(project, first);
    expect(staged.contexts.base).toBe("oci-layout://.slipway/contexts/ui/named/0:1");
    expect(await readFile(join(project, ".slipway/contexts/ui/named/0/index.json"), "utf8")).toBe("{}");
    await write({ "layouts/base/index.json": '{"manifests":[]}' });
    expect((await read(project, layout)).hash).not.toBe(first.hash);
  });

  test("warns of Git LFS pointers that the build would copy, with the files and what fetches them", async () => {
    const pointer = (spec = "v1") =>
      `version https://git-lfs.github.com/spec/${spec}\noid sha256:${"a".repeat(64)}\nsize 12345\n`;
    const large = ["a", "b", "c", "d"].map((name) => [`shared/${name}.bin`, pointer()]);
    await write({
      ...base,
      "ui/model.bin": pointer(),
      "ui/other.bin": pointer("v9"),
      "ui/left-out.bin": pointer(),
      "ui/.dockerignore": "left-out.bin\n",
      ...Object.fromEntries(large),
    });
    const emit = vi.fn<Emit>();
    for (const one of ["GITHUB_ACTIONS", "GITLAB_CI"]) vi.stubEnv(one, "");
    const source = await read(project, { ...service, contexts: { shared: "shared" } });
    warnOfPointers(project, new Map([["ui", source]]), emit);
    expect(emit.mock.calls).toMatchObject([
      [
        {
          kind: "warning",
          code: "lfs-pointer",
          message: expect.stringMatching(/ ui .*: ui\/model\.bin, shared\/a\.bin, shared\/b\.bin, 2 more$/),
          fix: "run git lfs pull; or leave them out with .dockerignore",
        },
      ],
    ]);
    emit.mockClear();
    await rm(join(project, "ui/model.bin"));
    warnOfPointers(project, new Map([["ui", await read(project, service)]]), emit);
    expect(emit).not.toHaveBeenCalled();
  });

  test("names a file that can't be read", async () => {
    await write(base);
    await chmod(project, 0o755);
    await chmod(join(project, "ui/run.sh"), 0);
    // Root reads everything, so the test steps down to nobody for a moment.
    const root = process.getuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    try {
      await expect(hash()).rejects.toThrow(/run\.sh/);
    } finally {
      if (root) process.seteuid?.(0);
    }
  });
});

describe("a staged context", () => {
  test("is refused when a file changed after it was hashed: nothing is ever built under another source's hash", async () => {
    await write(base);
    const source = await read(project, service);
    await write({ "ui/run.sh": "#!/bin/no\n" });
    await expect(stageContext(project, source)).rejects.toThrow(/changed while/);
    await rm(join(project, "ui/run.sh"));
    await expect(stageContext(project, source)).rejects.toThrow(/disappeared/);
  });

  test("holds what survives the ignore file, with fixed modes and times, and is not staged twice", async () => {
    await write({ ...base, "ui/.dockerignore": "notes\n", "ui/notes/x": "x", "shared/lib.sh": "1" });
    await chmod(join(project, "ui/www/index.html"), 0o600);
    await chmod(join(project, "ui/run.sh"), 0o700);
    const source = await read(
      project,
      { ...service, contexts: { "shared.example/lib:1": "shared" } },
      { busybox: "docker-image://x" },
    );
    const staged = await stageContext(project, source);
    const at = (path: string) => join(project, staged.context, path);
    expect(((await stat(at("www/index.html"))).mode & 0o777).toString(8)).toBe("644");
    expect(((await stat(at("run.sh"))).mode & 0o777).toString(8)).toBe("755");
    expect((await stat(at("www"))).mtimeMs).toBe(Date.UTC(1980, 0, 1));
    const time = (await stat(at("www/index.html"))).mtimeMs;
    await expect(stat(at("notes/x"))).rejects.toThrow();
    expect(staged.contexts.busybox).toBe("docker-image://x");
    expect(
      await readFile(join(project, staged.contexts["shared.example/lib:1"] ?? "", "lib.sh"), "utf8"),
    ).toBe("1");
    await writeFile(at("marker"), "");
    await stageContext(project, source);
    expect(await readFile(at("marker"), "utf8")).toBe("");
    // As long as before: BuildKit takes a file of the same size and time for unchanged.
    await write({ "ui/www/index.html": "other" });
    await stageContext(project, await read(project, service));
    expect(await readFile(at("www/index.html"), "utf8")).toBe("other");
    expect((await stat(at("www/index.html"))).mtimeMs).not.toBe(time);
    await write({ "ui/www/index.html": "hello" });
    await stageContext(project, await read(project, service));
    expect((await stat(at("www/index.html"))).mtimeMs).toBe(time);
    await expect(stat(at("marker"))).rejects.toThrow();
  });
});
