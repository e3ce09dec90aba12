import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import pLimit from "p-limit";
import { registryUrl } from "../../config/names.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { SbomFormat } from "../../config/stack/evidence.ts";
import type { RegistryLogin } from "../registry/login.ts";
import { toolEnvironment, withLoginFolder } from "../stack/tool-environment.ts";

/** Names of the formats for Syft. */
const syftFormats: Readonly<Record<SbomFormat, string>> = { spdx: "spdx-json", cyclonedx: "cyclonedx-json" };

/** Time for one platform of an image: Syft reads all of its layers. */
const timeoutMinutes = 10;

/** Syft takes a processor and some hundred megabytes of memory. */
const perProcessor = pLimit(availableParallelism());

/**
 * Bills of materials of one platform of an image, made by Syft out of the registry. Syft gets no variable of the job
 * but those for the network: what it can reach is the registry, with a token for it.
 *
 * @param reference `<registry>/<repository>@<digest>` of the platform's manifest
 * @throws UserError `sbom-failed` when syft is not installed, or can't read the image
 */
export function makeSboms(
  reference: string,
  formats: readonly SbomFormat[],
  login: RegistryLogin,
  signal: AbortSignal,
): Promise<Readonly<Partial<Record<SbomFormat, string>>>> {
  return withLoginFolder("sbom", login, async (folder) => {
    const file = (format: SbomFormat) => join(folder, `${format}.json`);
    const isPlain = registryUrl(login.registry).startsWith("http:");
    const outputs = formats.flatMap((format) => ["--output", `${syftFormats[format]}=${file(format)}`]);
    const environment = toolEnvironment(folder, {
      DOCKER_CONFIG: folder,
      SYFT_CHECK_FOR_APP_UPDATE: "false",
      ...(isPlain ? { SYFT_REGISTRY_INSECURE_USE_HTTP: "true" } : {}),
    });
    try {
      await perProcessor(() =>
        execa("syft", ["scan", `registry:${reference}`, "--quiet", ...outputs], {
          cwd: folder,
          env: environment,
          extendEnv: false,
          timeout: timeoutMinutes * 60_000,
          cancelSignal: signal,
          stdin: "ignore",
        }),
      );
    } catch (cause) {
      signal.throwIfAborted();
      throw failedSbom(reference, cause);
    }
    const read = formats.map(async (format) => [format, await readFile(file(format), "utf8")] as const);
    return Object.fromEntries(await Promise.all(read));
  });
}

function failedSbom(reference: string, cause: unknown): UserError {
  const { code, stderr = "", timedOut } = cause as { code?: string; stderr?: string; timedOut?: boolean };
  const missing = code === "ENOENT";
  const last = stderr.trim().split("\n").at(-1) ?? "";
  return new UserError(
    {
      code: "sbom-failed",
      where: reference,
      message: missing
        ? "syft, which makes bills of materials, is not installed"
        : timedOut === true
          ? `syft took longer than ${timeoutMinutes} minutes`
          : `syft can't read the image: ${last === "" ? String(cause) : last}`,
      fix: missing
        ? "install syft (https://github.com/anchore/syft), or leave out slipway:evidence.sbom"
        : "run syft on the image yourself, or leave out slipway:evidence.sbom",
    },
    { exitCode: 1, cause },
  );
}
