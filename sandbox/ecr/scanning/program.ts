import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { firstLine } from "../../../config/problems/first-line.ts";
import type { RunEvent } from "../../../runner/report/events.ts";
import { advisories } from "./advisories.ts";
import { packagesSchema } from "./report.ts";
import type { Scanner } from "./scans.ts";

/** A database of a day ago is written again: Grype refuses one that is older than five. */
const freshMilliseconds = 24 * 60 * 60 * 1000;

/** Longest scan; the largest images take tens of seconds. */
const scanMilliseconds = 5 * 60 * 1000;

/** How Grype is run; a test has its own program and database. */
export interface GrypeOptions {
  /** HOME of the scanner, and where its database is. */
  readonly directory: string;
  /** Host and port of the registry. */
  readonly registry: string;
  /** Gets Grype when it is first needed. */
  program(tell: (message: string) => void, signal: AbortSignal): Promise<string>;
  /** Sees to it that there is a database. */
  prepare(cacheDirectory: string): Promise<void>;
}

/**
 * Scans images with Grype, out of the registry and without the network: it asks nobody for a newer database or for
 * a newer Grype.
 */
export function grypeScanner({ directory, registry, program, prepare }: GrypeOptions): Scanner {
  return {
    async scan({ repository, digest }, tell, signal) {
      const path = await program(tell, signal);
      const cache = join(directory, "grype");
      await prepare(cache);
      // Layers are unpacked there; a scan that was killed has left its own.
      const temporary = join(directory, "tmp");
      await rm(temporary, { recursive: true, force: true });
      await mkdir(temporary, { recursive: true });
      tell("");
      const packages = join(temporary, "packages.json");
      const words = ["-o", "json", "-o", `cyclonedx-json=${packages}`];
      const scan = await execa(path, [...words, `registry:${registry}/${repository}@${digest}`], {
        // HOME and all settings are the sandbox's: a user's own ignore rules are not ECR's.
        env: {
          PATH: process.env.PATH,
          HOME: directory,
          TMPDIR: temporary,
          XDG_CACHE_HOME: directory,
          XDG_CONFIG_HOME: directory,
          NO_PROXY: "localhost,127.0.0.1",
          GRYPE_CHECK_FOR_APP_UPDATE: "false",
          GRYPE_DB_AUTO_UPDATE: "false",
          GRYPE_DB_CACHE_DIR: cache,
          GRYPE_DB_VALIDATE_BY_HASH_ON_START: "false",
          GRYPE_REGISTRY_INSECURE_USE_HTTP: "true",
        },
        extendEnv: false,
        cwd: directory,
        stdin: "ignore",
        cancelSignal: signal,
        killDescendants: true,
        timeout: scanMilliseconds,
        maxBuffer: 500_000_000,
        reject: false,
      });
      if (!scan.failed) {
        const report = JSON.parse(scan.stdout) as object;
        const listed = await readFile(packages, "utf8").catch(() => undefined);
        return listed === undefined
          ? report
          : { ...report, packages: packagesSchema.parse(JSON.parse(listed)).components.length };
      }
      // `[0001] ERROR failed to load vulnerability db: …`
      const said = scan.stderr
        .trim()
        .split("\n")
        .at(-1)
        ?.replace(/^\[\d+\] +[A-Z]+ +/, "");
      throw new Error(`the scanner failed: ${said || firstLine(scan.cause ?? scan.shortMessage)}`);
    },
  };
}

/** Writes the sandbox's database where there is none of today. */
export async function prepareDatabase(cacheDirectory: string): Promise<void> {
  const written = await stat(join(cacheDirectory, "6", "import.json")).catch(() => undefined);
  if (written !== undefined && Date.now() - written.mtimeMs < freshMilliseconds) return;
  const { writeDatabase } = await import("./database.ts");
  await writeDatabase(cacheDirectory, advisories, new Date());
}

/** Grype by the toolchain: the user's own, or a download, or built from Go modules, which takes minutes. */
export function readScannerProgram(directory: string, registry: string): Scanner {
  return grypeScanner({
    directory,
    registry,
    prepare: prepareDatabase,
    async program(tell, signal) {
      const { ensureTool } = await import("../../toolchain/ensure.ts");
      tell("getting Grype");
      const { path } = await ensureTool("grype", {
        signal,
        emit: (event) => {
          const line = progressOf(event);
          if (line === undefined) return;
          tell(`getting Grype: ${line}`);
          if (event.kind !== "step-progress") console.error(line);
        },
      });
      return path;
    },
  });
}

/** What an event of the toolchain says about its progress. */
function progressOf(event: RunEvent): string | undefined {
  switch (event.kind) {
    case "step-started":
      return event.title;
    case "step-progress":
    case "notice":
      return event.message;
    default:
      return undefined;
  }
}
