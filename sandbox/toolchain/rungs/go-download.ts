import { join } from "node:path";
import { z } from "zod";
import { writeEntry } from "../cache.ts";
import { request, unreachable } from "../reach.ts";
import { runToSuccess } from "../run.ts";
import { type Attempt, declined, type Session, type ToolStep } from "../session.ts";
import { tools } from "../tools.ts";
import { fetchFile } from "./fetch-file.ts";
import { askVersion } from "./probe.ts";

const host = "go.dev";
const releasesSchema = z.array(
  z.object({
    version: z.string(),
    files: z.array(
      z.object({
        filename: z.string(),
        os: z.string(),
        arch: z.string(),
        kind: z.string(),
        sha256: z.string(),
      }),
    ),
  }),
);

/** Downloads Go itself, held to the checksum in its list of releases. */
export async function downloadGo(session: Session, step: ToolStep): Promise<Attempt> {
  const { platform, architecture } = session.machine;
  if (platform !== "linux" || architecture === undefined) return declined("there is none for this machine");
  const refusal = await unreachable(session, host);
  if (refusal !== undefined) return declined(refusal);
  const startedAt = performance.now();
  const { version } = tools.go;
  const response = await request(`https://${host}/dl/?mode=json&include=all`, session);
  if (!response.ok) return declined(`${host} answered ${response.status}`);
  const file = releasesSchema
    .parse(await response.json())
    .find((release) => release.version === `go${version}`)
    ?.files.find(({ os, arch, kind }) => os === "linux" && arch === architecture && kind === "archive");
  if (file === undefined) return declined(`${host} lists no Go ${version} for linux/${architecture}`);
  const how = `downloaded from ${host}`;
  const { path } = await writeEntry(session.cache, "go", version, async (directory) => {
    const archive = join(await session.scratch(), "go.tar.gz");
    const { signal } = session;
    await fetchFile({ url: `https://${host}/dl/${file.filename}`, sha256: file.sha256 }, archive, {
      signal,
      progress: step.progress,
    });
    await runToSuccess("tar", ["-xzf", archive, "-C", directory], { signal });
    const told = await askVersion("go", join(directory, "go/bin/go"), signal);
    if (told !== version)
      throw new Error(`the download reports Go version ${told ?? "unknown"}, not ${version}`);
    const milliseconds = Math.round(performance.now() - startedAt);
    return { version, origin: "download", program: "go/bin/go", how, milliseconds };
  });
  return { kind: "taken", path, version, how };
}
