import { chmod, copyFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeEntry } from "../cache.ts";
import { request, unreachable } from "../reach.ts";
import { runToSuccess } from "../run.ts";
import type { Rung } from "../rung.ts";
import { type Attempt, declined, type Session, type ToolStep } from "../session.ts";
import { type ToolName, tools } from "../tools.ts";
import { fetchFile } from "./fetch-file.ts";
import { askVersion } from "./probe.ts";

type GithubReleaseRung = Extract<Rung, { kind: "github-release" }>;

const api = "api.github.com";
const releaseSchema = z.object({
  assets: z.array(
    z.object({
      name: z.string(),
      browser_download_url: z.url(),
      digest: z.string().nullish(),
    }),
  ),
});

/** Downloads the asset, checks its digest and its version, and puts the program into the cache. */
export async function downloadRelease(
  session: Session,
  name: ToolName,
  rung: GithubReleaseRung,
  step: ToolStep,
): Promise<Attempt> {
  const { platform, architecture } = session.machine;
  if (platform !== "linux" || architecture === undefined) return declined("there is none for this machine");
  const refusal = await unreachable(session, api);
  if (refusal !== undefined) return declined(refusal);
  const startedAt = performance.now();
  const asset = rung.asset[architecture];
  const file = await session.once(`release ${rung.repository} ${asset}`, () =>
    fetchAsset(session, rung, asset, step),
  );
  const { version } = tools[name];
  const how = `downloaded from GitHub, ${rung.repository} ${rung.tag}`;
  const { path } = await writeEntry(session.cache, name, version, async (directory) => {
    if (rung.member === undefined) {
      await copyFile(file, join(directory, name));
    } else {
      const unpacked = await session.scratch();
      await runToSuccess("tar", ["-xzf", file, "-C", unpacked, rung.member], session);
      await rename(join(unpacked, rung.member), join(directory, name));
    }
    await chmod(join(directory, name), 0o755);
    const told = await askVersion(name, join(directory, name), session.signal);
    if (told !== version)
      throw new Error(`the download reports version ${told ?? "unknown"}, not ${version}`);
    return {
      version,
      origin: "download",
      program: name,
      how,
      milliseconds: Math.round(performance.now() - startedAt),
    };
  });
  return { kind: "taken", path, version, how };
}

async function fetchAsset(
  session: Session,
  rung: GithubReleaseRung,
  asset: string,
  step: ToolStep,
): Promise<string> {
  const token = process.env.GITHUB_TOKEN;
  const response = await request(`https://${api}/repos/${rung.repository}/releases/tags/${rung.tag}`, {
    signal: session.signal,
    // Without a token GitHub answers sixty questions an hour, which CI machines share.
    headers: {
      accept: "application/vnd.github+json",
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
  });
  if (!response.ok) throw new Error(`GitHub answered ${response.status} for ${rung.repository} ${rung.tag}`);
  const release = releaseSchema.parse(await response.json());
  const found = release.assets.find((candidate) => candidate.name === asset);
  if (found === undefined) throw new Error(`${rung.repository} ${rung.tag} has no ${asset}`);
  const sha256 = /^sha256:([0-9a-f]{64})$/.exec(found.digest ?? "")?.[1];
  if (sha256 === undefined)
    throw new Error(`GitHub states no digest of ${asset}, so Slipway does not use it`);
  const path = join(await session.scratch(), asset);
  await fetchFile({ url: found.browser_download_url, sha256 }, path, {
    signal: session.signal,
    progress: step.progress,
  });
  return path;
}
