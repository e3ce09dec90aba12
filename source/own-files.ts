import { fstatSync } from "node:fs";

/** Slipway's own folder in the project; never source, even if the whole project is a context. */
export const ownFolder = ".slipway";

/** Whether a path lies in a folder of Slipway's own, at any depth: a repository can hold several projects. */
export function isOwnPath(path: string): boolean {
  return `/${path}`.includes(`/${ownFolder}/`);
}

/** Environment variable with the files that a run prints into, for the program that it starts. */
const outputsVariable = "SLIPWAY_OUTPUT_FILES";

/** A file of a file system, whatever it is called. */
interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/**
 * The files that this run prints into (`slipway deploy --output json > slipway.json`). The shell makes
 * such a file before Slipway starts, inside a context as well as anywhere else; it changes while the
 * sources are read, and no build is meant to read it.
 */
export function readOutputFiles(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ReadonlySet<string> {
  const handedOn = environment[outputsVariable]?.split(",") ?? [];
  const own = [1, 2].flatMap((descriptor) => {
    try {
      const stats = fstatSync(descriptor, { bigint: true });
      return stats.isFile() ? [identify(stats)] : [];
    } catch {
      // The file descriptor is closed.
      return [];
    }
  });
  return new Set([...handedOn, ...own].filter((one) => one !== ""));
}

/** The variable that tells a process that is started from here of this run's output files. */
export function outputFilesVariable(): Readonly<Record<string, string>> {
  const files = [...readOutputFiles()];
  return files.length === 0 ? {} : { [outputsVariable]: files.join(",") };
}

export function identify({ dev, ino }: FileIdentity): string {
  return `${dev}:${ino}`;
}
