import { cp, mkdir, rename, rm } from "node:fs/promises";
import { homedir, totalmem } from "node:os";
import { join } from "node:path";
import { runStep } from "../../../runner/report/events.ts";
import { readEntry, requireSpace, writeEntry } from "../cache.ts";
import { goNeeded, ladder } from "../ladder.ts";
import { tryLock } from "../lock.ts";
import { runToSuccess } from "../run.ts";
import type { GoModule, Rung } from "../rung.ts";
import {
  type Attempt,
  declined,
  lockDirectory,
  type Session,
  type ToolStep,
  withToolLock,
} from "../session.ts";
import { type ToolName, toolNames, tools } from "../tools.ts";
import { compareVersions } from "../version.ts";
import { buildsOf, type Product } from "./go-programs.ts";
import { askVersion, findProgram } from "./probe.ts";

type GoModuleRung = Extract<Rung, { kind: "go-module" }>;

const goModules: readonly GoModule[] = [
  "engine",
  "images",
  "language-host",
  "actionlint",
  "etcd",
  "kubernetes",
  "argocd",
  "scanner",
  "gitea",
];
/** Modules and build cache of all, measured; both go when the programs are there. */
const neededBytes = 6e9;
/** The same of the modules that are larger than all others together. */
const neededByLarge: Partial<Readonly<Record<GoModule, number>>> = { kubernetes: 10e9, argocd: 12e9 };

/** Builds the tool's module, together with the module's other tools that this session still wants. */
export async function buildGoModule(
  session: Session,
  name: ToolName,
  rung: GoModuleRung,
  step: ToolStep,
): Promise<Attempt> {
  if (rung.hasC === true && process.env.CC === undefined && (await findProgram("gcc")) === undefined) {
    return declined("parts of it are written in C, and this machine has no C compiler (gcc, or CC)");
  }
  step.progress(`waiting for the build of Go module ${rung.module}`);
  await session.once(`go-module ${rung.module}`, () => buildInStep(session, rung.module));
  const built = await readEntry(session.cache, name, tools[name].version);
  if (built === undefined) return declined(`the build of Go module ${rung.module} left it out`);
  return { kind: "taken", path: built.path, version: built.record.version, how: built.record.how };
}

async function buildInStep(session: Session, module: GoModule): Promise<void> {
  const startedAt = performance.now();
  const wanted = productsOf(module).filter(
    ({ name }) => session.requested.has(name) && !session.settled.has(name),
  );
  const names = wanted.map(({ name }) => name).join(", ");
  await runStep(
    session.emit,
    {
      id: `go-module ${module}`,
      title: `build ${names} from Go modules`,
      ...(session.parent === undefined ? {} : { parent: session.parent }),
    },
    async (step) => {
      const lock = {
        name: `go-${module}`,
        purpose: `building ${names}`,
      };
      await withToolLock(session, step, lock, async () => {
        const missing: Product[] = [];
        for (const product of wanted) {
          const entry = await readEntry(session.cache, product.name, tools[product.name].version);
          if (entry === undefined) missing.push(product);
        }
        if (missing.length === 0) return step.conclude("skipped", "already built by another run");
        await compile(session, module, missing, startedAt, step.progress);
      });
    },
  );
  // The rest of the caches is useless, and nothing waits for its deletion.
  void removeGoCaches(session.cache).catch(() => {});
}

async function compile(
  session: Session,
  module: GoModule,
  products: readonly Product[],
  startedAt: number,
  progress: (message: string) => void,
): Promise<void> {
  await requireSpace(session.cache, neededByLarge[module] ?? neededBytes, "building tools from Go modules");
  const go = await session.need("go");
  const folder = await session.scratch();
  const options = {
    signal: session.signal,
    cwd: join(import.meta.dirname, "../go", module),
    environment: {
      ...(await goEnvironment(session.cache, go.version, goNeeded(module))),
      // Without a C compiler, programs run on any distribution.
      CGO_ENABLED: products.some(({ rung }) => rung.hasC === true) ? "1" : "0",
    },
    // Names of packages and of modules, as they are compiled and downloaded.
    progressLine: /^(\S+|go: downloading .*)$/,
  };
  const packages = products.map(({ rung }) => rung.package);
  const tags = products.flatMap(({ rung }) => rung.tags ?? []);
  const tagged = tags.length === 0 ? [] : ["-tags", tags.join(",")];
  let downloaded = 0;
  progress("finding the modules");
  const listed = await runToSuccess(go.path, ["list", ...tagged, "-deps", ...packages], {
    ...options,
    onLine: (line) => {
      if (!line.startsWith("go: downloading ")) return;
      downloaded += 1;
      progress(`${downloaded} modules downloaded: ${line.slice("go: downloading ".length)}`);
    },
  });
  const total = listed.split("\n").length;
  let compiled = 0;
  for (const build of buildsOf(products)) {
    await runToSuccess(
      go.path,
      [
        ...["build", "-v", ...tagged, "-ldflags", ["-s", "-w", ...build.variables].join(" ")],
        ...["-o", `${folder}/`, ...build.packages],
      ],
      {
        ...options,
        onLine: (line) => {
          compiled += 1;
          progress(`${Math.min(compiled, total)} of ${total} packages compiled: ${line}`);
        },
      },
    );
  }
  for (const { name, rung } of products) {
    const { version } = tools[name];
    const program = programOf(rung.package);
    const told = await askVersion(name, join(folder, program), session.signal);
    if (told !== version) throw new Error(`${name} was built, but reports version ${told ?? "unknown"}`);
    await writeEntry(session.cache, name, version, async (directory) => {
      await rename(join(folder, program), join(directory, name));
      if (rung.keep !== undefined) await keepFiles(go.path, rung.keep, directory, options);
      const milliseconds = Math.round(performance.now() - startedAt);
      const how = `built from Go modules with Go ${go.version}`;
      return { version, origin: "registries", program: name, how, milliseconds };
    });
  }
}

/** The name that Go gives a program: the package's last part that is no major version. */
function programOf(path: string): string {
  return path.split("/").findLast((part) => !/^v\d+$/.test(part)) ?? path;
}

/** Copies files of a module, which goes with Go's caches, into the tool's folder. */
async function keepFiles(
  go: string,
  { module, paths }: NonNullable<GoModuleRung["keep"]>,
  directory: string,
  options: Parameters<typeof runToSuccess>[2],
): Promise<void> {
  const listed = await runToSuccess(go, ["list", "-m", "-f", "{{.Dir}}", module], options);
  for (const path of paths) {
    await cp(join(listed.trim(), path), join(directory, path), { recursive: true });
  }
}

/** Everything that Go writes goes below the cache; its user's own settings (proxies) are still read. */
async function goEnvironment(
  cache: string,
  goVersion: string,
  needed: string,
): Promise<Record<string, string | undefined>> {
  const root = join(cache, "go");
  await mkdir(join(root, "tmp"), { recursive: true });
  const configuration = process.env.XDG_CONFIG_HOME || join(homedir(), ".config");
  return {
    GOENV: process.env.GOENV ?? join(configuration, "go/env"),
    // Go counts its own use in the configuration folder.
    XDG_CONFIG_HOME: join(root, "config"),
    GOPATH: join(root, "path"),
    GOMODCACHE: join(root, "modules"),
    GOCACHE: join(root, "build"),
    GOTMPDIR: join(root, "tmp"),
    GOFLAGS: "-mod=readonly -modcacherw -trimpath -buildvcs=false",
    // Older than what the modules ask for: Go fetches the right toolchain as a module.
    GOTOOLCHAIN: compareVersions(goVersion, needed) >= 0 ? "local" : "auto",
    GOWORK: "off",
    GO111MODULE: "on",
    GOOS: undefined,
    GOARCH: undefined,
    ...goMemory(totalmem(), process.env),
  };
}

/**
 * How Go's compiler collects garbage, as variables. With enough memory it need not collect, which takes a
 * quarter off the processor time of a build. A user's own settings stay.
 */
export function goMemory(totalBytes: number, environment: NodeJS.ProcessEnv): Record<string, string> {
  if (environment.GOGC !== undefined || environment.GOMEMLIMIT !== undefined) return {};
  // Up to a dozen compilers run at once, nearly all of them far below the limit.
  if (totalBytes >= 12e9) return { GOGC: "off", GOMEMLIMIT: "1500MiB" };
  return totalBytes >= 6e9 ? { GOGC: "300" } : {};
}

/** Deletes modules and build cache, unless a module is being built right now, by whomever. */
async function removeGoCaches(cache: string): Promise<void> {
  const root = join(cache, "go");
  const releases: (() => Promise<void>)[] = [];
  const doomed = join(cache, "scratch", `${process.pid}-go-${Date.now()}`);
  try {
    for (const module of goModules) {
      const release = await tryLock(join(lockDirectory(cache), `go-${module}`));
      if (release === undefined) return;
      releases.push(release);
    }
    await mkdir(join(cache, "scratch"), { recursive: true });
    await rename(root, doomed);
  } finally {
    await Promise.all(releases.map((release) => release()));
  }
  await rm(doomed, { recursive: true, force: true });
}

/** The tools that are built from a module. */
function productsOf(module: GoModule): Product[] {
  return toolNames.flatMap((name) => {
    const rung = ladder[name].find((candidate) => candidate.kind === "go-module");
    return rung?.kind === "go-module" && rung.module === module ? [{ name, rung }] : [];
  });
}
