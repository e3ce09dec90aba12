import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { registryUrl } from "../../config/names.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { KeylessSettings, SigningIdentity } from "../../config/stack/evidence.ts";
import type { RegistryLogin } from "../registry/login.ts";
import { toolEnvironment, withLoginFolder } from "../stack/tool-environment.ts";
import { provenancePredicate, sbomTypes, signaturePredicate } from "./statement.ts";

/** What Cosign signs and checks with; it is not given any variable of the run but those for the network. */
export interface CosignPlace {
  readonly login: () => Promise<RegistryLogin>;
  /** The project directory, for files that settings name. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** Where a CI system keeps the token that says who runs: only signing gets it. */
const identityVariables = [
  "ACTIONS_ID_TOKEN_REQUEST_URL",
  "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
  "SIGSTORE_ID_TOKEN",
];

/** Names of predicates for Cosign's `--type`. */
const types: Readonly<Record<string, string>> = {
  [provenancePredicate]: "slsaprovenance1",
  [sbomTypes.spdx.predicate]: "spdxjson",
  [sbomTypes.cyclonedx.predicate]: "cyclonedx",
};

const timeoutSeconds = 120;

/**
 * Signs a manifest without a key, or a statement about it: Cosign gets a certificate for the identity of the job.
 *
 * @param reference `<registry>/<repository>@<digest>`
 * @throws UserError `cosign-failed`
 */
export function signKeyless(
  place: CosignPlace,
  settings: KeylessSettings,
  reference: string,
  predicateType: string,
  predicate: object,
): Promise<void> {
  return withCosign(place, reference, identityVariables, async (run, folder) => {
    const files = [
      ...fileOption("--signing-config", settings.signingConfig, place),
      ...fileOption("--trusted-root", settings.trustedRoot, place),
    ];
    if (predicateType === signaturePredicate) {
      await run("sign", "--yes", ...files, reference);
      return;
    }
    const file = join(folder, "predicate.json");
    await writeFile(file, JSON.stringify(predicate), { mode: 0o600 });
    const type = types[predicateType] ?? predicateType;
    await run("attest", "--yes", ...files, "--type", type, "--predicate", file, reference);
  });
}

/**
 * Whether Cosign finds a signature of a manifest by one of several identities.
 *
 * @throws UserError `cosign-failed` when Cosign is missing
 */
export function isSignedBy(
  place: CosignPlace,
  identities: readonly SigningIdentity[],
  reference: string,
): Promise<boolean> {
  return withCosign(place, reference, [], async (run) => {
    for (const identity of identities) {
      const words = [...identityOptions(identity), ...trustOptions(identity, place)];
      if (await succeeds(run("verify", ...words, reference))) return true;
    }
    return false;
  });
}

function identityOptions({ subject, subjectMatches, issuer }: SigningIdentity): string[] {
  return [
    ...(subject === undefined
      ? ["--certificate-identity-regexp", subjectMatches ?? ""]
      : ["--certificate-identity", subject]),
    "--certificate-oidc-issuer",
    issuer,
  ];
}

function trustOptions({ transparencyLog, trustedRoot }: SigningIdentity, place: CosignPlace): string[] {
  return [
    ...(transparencyLog ? [] : ["--insecure-ignore-tlog=true", "--use-signed-timestamps"]),
    ...fileOption("--trusted-root", trustedRoot, place),
  ];
}

function fileOption(name: string, file: string | undefined, { directory }: CosignPlace): string[] {
  return file === undefined ? [] : [name, resolve(directory, file)];
}

type Run = (...words: readonly string[]) => Promise<void>;

/** Cosign ran, and said no; anything else is thrown on. */
async function succeeds(running: Promise<void>): Promise<boolean> {
  try {
    await running;
    return true;
  } catch (error) {
    if (error instanceof UserError && error.cause instanceof CosignRefused) return false;
    throw error;
  }
}

/** What Cosign said last. */
class CosignRefused extends Error {}

function withCosign<T>(
  { login, signal }: CosignPlace,
  reference: string,
  kept: readonly string[],
  work: (run: Run, folder: string) => Promise<T>,
): Promise<T> {
  return login().then((known) =>
    withLoginFolder("cosign", known, async (folder) => {
      const home = join(folder, "home");
      await mkdir(home);
      const environment = toolEnvironment(home, { DOCKER_CONFIG: folder }, kept);
      const plain = registryUrl(known.registry).startsWith("http:") ? ["--allow-http-registry"] : [];
      const run: Run = async (command, ...words) => {
        const result = await execa("cosign", [command ?? "", ...plain, ...words], {
          cwd: folder,
          env: environment,
          extendEnv: false,
          stdin: "ignore",
          reject: false,
          timeout: timeoutSeconds * 1000,
          cancelSignal: signal,
        });
        signal.throwIfAborted();
        if (result.failed) throw failure(reference, result);
      };
      return work(run, folder);
    }),
  );
}

function failure(
  where: string,
  result: { readonly code?: string | undefined; readonly stderr?: string; readonly timedOut?: boolean },
): UserError {
  const missing = result.code === "ENOENT";
  const last = (result.stderr ?? "").trim().split("\n").at(-1) ?? "";
  return new UserError(
    {
      code: "cosign-failed",
      where,
      message: missing
        ? "cosign, which signs without a key and checks such signatures, is not installed"
        : result.timedOut === true
          ? `cosign took longer than ${timeoutSeconds} s`
          : `cosign: ${last.slice(0, 300)}`,
      fix: missing
        ? "install cosign 3 (https://github.com/sigstore/cosign), or sign with a key"
        : "run cosign on the image yourself; in GitHub Actions, the job needs `permissions: id-token: write`",
    },
    { exitCode: 1, cause: missing ? undefined : new CosignRefused(last) },
  );
}
