import { mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import pLimit from "p-limit";
import { registryUrl } from "../../../config/names.ts";
import { firstLine } from "../../../config/problems/first-line.ts";
import type { Clients } from "../../aws/clients.ts";
import { fetchLogin } from "../../registry/login.ts";
import { withTemporaryFolder } from "../../stack/temporary-folder.ts";
import { toolEnvironment } from "../../stack/tool-environment.ts";
import { type ScanResult, type Unscanned, unrecognized } from "../finding.ts";
import { hasPackages, readGrype } from "./read-grype.ts";
import { readTrivy } from "./read-trivy.ts";

/** A scanner that is installed on the machine. */
export type ScannerName = "grype" | "trivy";

/** Where a user keeps the scanners' databases, as on a machine without internet. */
const databaseVariables = [
  "GRYPE_DB_CACHE_DIR",
  "GRYPE_DB_AUTO_UPDATE",
  "GRYPE_DB_UPDATE_URL",
  "TRIVY_DB_REPOSITORY",
  "TRIVY_SKIP_DB_UPDATE",
];

/** One at a time: a scanner takes all processors, and the first one fetches the database for all. */
const oneAtATime = pLimit(1);

/** The image to scan, and for how long. */
export interface ScannerRequest {
  /** Host (and port) of the registry. */
  readonly registry: string;
  /** Whether it is not the stack's own: it gets no credential. */
  readonly isForeign?: boolean;
  readonly repository: string;
  /** Of one platform's manifest. */
  readonly digest: string;
  readonly waitSeconds: number;
  readonly signal: AbortSignal;
}

/**
 * Scans one platform's manifest with a scanner of this machine. It gets an environment without credentials of AWS,
 * a HOME of its own, and one credential: the registry's token.
 *
 * @returns unknown when the scanner is missing, fails or takes too long; a scan is never taken for clean then
 */
export function scanWithScanner(
  scanner: ScannerName,
  clients: Clients,
  request: ScannerRequest,
): Promise<ScanResult> {
  return oneAtATime(() => scanNow(scanner, clients, request));
}

async function scanNow(
  scanner: ScannerName,
  clients: Clients,
  { registry, isForeign = false, repository, digest, waitSeconds, signal }: ScannerRequest,
): Promise<ScanResult> {
  signal.throwIfAborted();
  const credential = isForeign ? {} : credentialFor(registry, await fetchLogin(clients, registry, signal));
  const environment = await environmentOf(registry, credential);
  const reference = `${registry}/${repository}@${digest}`;
  const run = async (words: readonly string[]): Promise<unknown> => {
    const { stdout } = await execa(scanner, words, {
      env: environment,
      extendEnv: false,
      stdin: "ignore",
      timeout: waitSeconds * 1000,
      cancelSignal: signal,
      maxBuffer: 500_000_000,
    });
    return JSON.parse(stdout) as unknown;
  };
  try {
    const now = new Date();
    if (scanner === "grype") {
      return await withTemporaryFolder("scan", async (folder) => {
        const packages = join(folder, "packages.json");
        // With -q, Grype would not say why it fails.
        const words = ["-o", "json", "-o", `cyclonedx-json=${packages}`, `registry:${reference}`];
        const result = readGrype(await run(words), now);
        if (result.state === "unknown" || result.findings.length + result.suppressed > 0) return result;
        const listed = await readFile(packages, "utf8").catch(() => undefined);
        if (listed === undefined) throw new Error("it did not list the packages of the image");
        return hasPackages(JSON.parse(listed)) ? result : unrecognized(scanner);
      });
    }
    const report = await run([
      "image",
      "-q",
      "--format",
      "json",
      // Also those without a vulnerability, so that what was not read at all can be told from what is clean.
      "--list-all-pkgs",
      "--scanners",
      "vuln",
      "--image-src",
      "remote",
      reference,
    ]);
    return readTrivy(report, await run(["version", "--format", "json"]), now);
  } catch (error) {
    signal.throwIfAborted();
    return failure(scanner, error, waitSeconds);
  }
}

/** The registry's token, as each scanner takes it. https://trivy.dev/latest/docs/advanced/private-registries/ */
function credentialFor(registry: string, { auth }: { readonly auth: string }): Record<string, string> {
  const password = Buffer.from(auth, "base64").toString("utf8").replace(/^AWS:/, "");
  return {
    GRYPE_REGISTRY_AUTH_AUTHORITY: registry,
    GRYPE_REGISTRY_AUTH_USERNAME: "AWS",
    GRYPE_REGISTRY_AUTH_PASSWORD: password,
    TRIVY_USERNAME: "AWS",
    TRIVY_PASSWORD: password,
  };
}

/** By the variables that both scanners document; each ignores those of the other. */
async function environmentOf(
  registry: string,
  credential: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const home = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "slipway", "scanner");
  await mkdir(home, { recursive: true, mode: 0o700 });
  const isPlain = registryUrl(registry).startsWith("http:");
  const own = {
    XDG_CACHE_HOME: home,
    // https://github.com/anchore/grype#configuration
    GRYPE_CHECK_FOR_APP_UPDATE: "false",
    ...credential,
    // The age of the database is shown, and judged by the stack's own limit.
    GRYPE_DB_VALIDATE_AGE: "false",
    ...(isPlain ? { GRYPE_REGISTRY_INSECURE_USE_HTTP: "true", TRIVY_NON_SSL: "true" } : {}),
    TRIVY_CACHE_DIR: join(home, "trivy"),
    TRIVY_NO_PROGRESS: "true",
  };
  return toolEnvironment(home, own, databaseVariables);
}

function failure(scanner: ScannerName, error: unknown, waitSeconds: number): Unscanned {
  const {
    code,
    timedOut,
    stderr = "",
  } = error as {
    readonly code?: string;
    readonly timedOut?: boolean;
    readonly stderr?: string;
  };
  if (code === "ENOENT") {
    return {
      state: "unknown",
      status: "SCANNER_MISSING",
      reason: `${scanner} is not installed on this machine; install it, or set slipway:gates.findings.source to ecr`,
    };
  }
  if (timedOut === true) {
    return {
      state: "unknown",
      status: "TIMED_OUT",
      reason: `${scanner} was not done after ${waitSeconds} s`,
    };
  }
  // Grype writes `[0001] ERROR failed to load …`.
  const lastLine = stderr
    .trim()
    .split("\n")
    .at(-1)
    ?.replace(/^\[\d+\] +[A-Z]+ +/, "");
  const said = lastLine || firstLine(error);
  return { state: "unknown", status: "SCANNER_FAILED", reason: `${scanner} failed: ${said.slice(0, 300)}` };
}
