import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Service } from "../../../config/catalogue.ts";
import { hashDescription, hashSource } from "../../../source/hash.ts";
import { stageContext } from "../../../source/stage.ts";

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), "slipway-source-"));
});
afterEach(() => rm(project, { recursive: true, force: true }));

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

async function hash(overrides: Partial<Service> = {}, root = project): Promise<string> {
  return (await hashSource(root, { ...service, ...overrides }, {})).hash;
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
        expect(hashDescription(reversed)).toBe(hashDescription(description));
      }),
    );
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
  test("holds what survives the ignore file, with fixed modes and times, and is not staged twice", async () => {
    await write({ ...base, "ui/.dockerignore": "notes\n", "ui/notes/x": "x", "shared/lib.sh": "1" });
    await chmod(join(project, "ui/www/index.html"), 0o600);
    await chmod(join(project, "ui/run.sh"), 0o700);
    const source = await hashSource(
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
    await stageContext(project, await hashSource(project, service, {}));
    expect(await readFile(at("www/index.html"), "utf8")).toBe("other");
    expect((await stat(at("www/index.html"))).mtimeMs).not.toBe(time);
    await write({ "ui/www/index.html": "hello" });
    await stageContext(project, await hashSource(project, service, {}));
    expect((await stat(at("www/index.html"))).mtimeMs).toBe(time);
    await expect(stat(at("marker"))).rejects.toThrow();
  });
});
