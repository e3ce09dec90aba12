import { existsSync } from "node:fs";
import { lstat, readdir, readFile, realpath } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { hostAndPath } from "../../../../config/targets/gitops/address.ts";
import { type Git, openGit } from "../../../git/git.ts";
import type { Nearby, NearbyRequest } from "../../live.ts";
import { type Checkout, isCandidate, isChartTemplate, isTemplate, mentionOf } from "./checkout.ts";
import { writtenAddress } from "./origin.ts";
import { isValuesFile } from "./places.ts";
import { proposeGitops } from "./propose.ts";

/** Bounds of the search: a folder of checkouts may hold hundreds, and a monorepo a hundred thousand files. */
const limits = { checkouts: 32, files: 4000, bytes: 256 * 1024, notes: 12 };
/** Files of a checkout that are read at once. */
const parallel = 16;

/**
 * The GitOps targets that the manifests here and in neighbour directories call for: the checkout that the project is
 * in, and the checkouts beside it. Reads only what git tracks; follows no symbolic link.
 */
export async function gitopsNearby(request: NearbyRequest): Promise<Nearby> {
  if (request.services.length === 0) return { targets: [], notes: [] };
  const { checkouts, notes: left } = await readCheckouts(request);
  const { targets, notes: found } = proposeGitops(checkouts, request);
  const notes = [...found, ...left];
  const more = notes.length - limits.notes;
  return {
    targets,
    notes: more > 0 ? [...notes.slice(0, limits.notes), `and ${more} more notes on manifests`] : notes,
  };
}

async function readCheckouts({ directory, services, signal }: NearbyRequest): Promise<{
  readonly checkouts: readonly Checkout[];
  readonly notes: readonly string[];
}> {
  const own = (await ask(openGit(directory, signal), ["rev-parse", "--show-toplevel"])) ?? "";
  const home = await realpath(own === "" ? directory : own);
  const parent = dirname(home);
  const entries = parent === home ? [] : await readdir(parent, { withFileTypes: true }).catch(() => []);
  const beside = entries
    .filter((entry) => entry.isDirectory() && existsSync(join(parent, entry.name, ".git")))
    .map((entry) => join(parent, entry.name))
    .filter((top) => top !== home)
    .sort();
  const project = await realpath(directory);
  const tops = [...(own === "" ? [] : [home]), ...beside.slice(0, limits.checkouts)];
  const isMention = mentionOf(services);
  const read = await Promise.all(tops.map((top) => readCheckout(top, project, isMention, signal)));
  const addresses = new Set<string>();
  const checkouts = read
    .filter((one) => one !== undefined)
    .filter(({ repository, label }) => {
      // A second clone, or a worktree, tells nothing new.
      const { host, path } = hostAndPath(repository ?? "") ?? { host: "", path: repository ?? label };
      const isNew = !addresses.has(`${host}/${path}`);
      addresses.add(`${host}/${path}`);
      return isNew;
    });
  const left = beside.length - limits.checkouts;
  const note = `${left} of ${beside.length} checkouts beside this one were not searched for manifests`;
  return { checkouts, notes: left > 0 ? [note] : [] };
}

/** A checkout; undefined for one where nothing is mentioned, which is most of them. */
async function readCheckout(
  top: string,
  project: string,
  isMention: (text: string) => boolean,
  signal: AbortSignal,
): Promise<Checkout | undefined> {
  const git = openGit(top, signal);
  const label = relative(project, top).replaceAll("\\", "/") || ".";
  const files = await readFiles(git, top, label, isMention);
  if (files === undefined || (files.texts.size === 0 && files.notes.length === 0)) return undefined;
  const [origin = "", branch] = await Promise.all([
    ask(git, ["config", "--get", "remote.origin.url"]),
    branchOf(git),
  ]);
  return { label, repository: writtenAddress(origin, top, project), branch, ...files };
}

/** The branch on the origin that is checked out; without a branch, the origin's default. */
async function branchOf(git: Git): Promise<string | undefined> {
  const name = await ask(git, ["symbolic-ref", "--quiet", "--short", "HEAD"]);
  if (name === undefined) {
    return (await ask(git, ["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]))?.replace(
      /^origin\//,
      "",
    );
  }
  const [remote, merge] = await Promise.all([
    ask(git, ["config", "--get", `branch.${name}.remote`]),
    ask(git, ["config", "--get", `branch.${name}.merge`]),
  ]);
  return remote === "origin" && merge !== undefined ? merge.replace(/^refs\/heads\//, "") : name;
}

async function readFiles(
  git: Git,
  top: string,
  label: string,
  isMention: (text: string) => boolean,
): Promise<Pick<Checkout, "paths" | "texts" | "notes"> | undefined> {
  const listed = await git.text(["ls-files", "-z", "--cached"]).catch(() => undefined);
  if (listed === undefined) return undefined;
  const paths = new Set(listed.split("\0").filter(isCandidate));
  const all = [...paths].filter((path) => !isChartTemplate(path, paths));
  const texts = new Map<string, string>();
  const notes: string[] = [];
  const left = all.length - limits.files;
  if (left > 0) notes.push(`${label}: ${left} of ${all.length} YAML files were not read for manifests`);
  for (let start = 0; start < Math.min(all.length, limits.files); start += parallel) {
    const some = all.slice(start, Math.min(start + parallel, limits.files));
    const read = await Promise.all(some.map((path) => readSmall(top, path)));
    for (const [index, path] of some.entries()) {
      const text = read[index];
      if (text === undefined || !isMention(text)) continue;
      if (!isTemplate(text)) texts.set(path, text);
      else if (isValuesFile(path) || /^apiVersion:/m.test(text)) {
        notes.push(`${label}/${path}: is a template ({{), which Slipway does not edit`);
      }
    }
  }
  return { paths, texts, notes };
}

/** The text of a file of the checkout; undefined for a link, a file behind one, and one of unusual size. */
async function readSmall(top: string, path: string): Promise<string | undefined> {
  const place = join(top, path);
  try {
    const status = await lstat(place);
    if (!status.isFile() || status.size > limits.bytes || (await realpath(place)) !== place) return undefined;
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await readFile(place));
  } catch {
    // Gone meanwhile, not readable, or not UTF-8, which Slipway does not edit either.
    return undefined;
  }
}

/** What git says, without the end of the line; undefined when it says nothing. */
async function ask(git: Git, args: readonly string[]): Promise<string | undefined> {
  const text = await git.text(args).catch(() => "");
  const said = text.replace(/\r?\n$/, "");
  return said === "" ? undefined : said;
}
