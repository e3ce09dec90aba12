import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { canonicalJson } from "../canonical-json.ts";
import { namesStackAlarms, withStackAlarms } from "./deployment-alarms.ts";
import { projectFile, type StackDescription } from "./description.ts";

/** Folder of this installation of Slipway. */
const installation = join(import.meta.dirname, "../..");

/** Rooms of the Pulumi program, and the packages that say what its resources become. */
const programRooms = ["builder", "config", "infra", "lifecycle", "pulumi-sdk", "source"];
const programPackages = ["@pulumi/aws", "@pulumi/awsx", "@pulumi/docker-build", "@pulumi/pulumi"];

/** Settings that are secret: they decide who declares, and not what. */
const secretKeys = ["accessKey", "secretKey", "token"];

/**
 * A hash of everything that decides which resources the program declares, besides images: the catalogue, the
 * stack's settings, the project and the program itself. The program keeps it in the stack's state, and the
 * runner compares it: with the same hash, an update has nothing to do but images.
 *
 * @param project name of the Pulumi project
 */
export async function declarationHash(description: StackDescription, project: string): Promise<string> {
  const { catalogue, settings } = namesStackAlarms(description.catalogue)
    ? withStackAlarms(description, project)
    : description;
  const aws = Object.fromEntries(Object.entries(settings.aws).filter(([key]) => !secretKeys.includes(key)));
  const [program, own] = await Promise.all([programHash(), ownFiles(description.directory)]);
  const declared = { catalogue, settings: { ...settings, aws }, project, own, program };
  return createHash("sha256").update(canonical(declared)).digest("hex");
}

/** Canonical JSON in which numbers and booleans are text, as the engine hands them over. */
export function canonical(value: unknown): string {
  const asText = (_key: string, member: unknown) =>
    typeof member === "number" || typeof member === "boolean" ? String(member) : member;
  return canonicalJson(JSON.parse(JSON.stringify(value, asText)));
}

/** The project's own part of the program: Pulumi.yaml, and the file that it names as `main`. */
async function ownFiles(directory: string): Promise<readonly string[]> {
  const project = await readFile(join(directory, projectFile), "utf8");
  const main = /^main: *(\S+)/m.exec(project)?.[1];
  // A folder, or nothing: the engine says so.
  const text = main === undefined ? "" : await readFile(join(directory, main), "utf8").catch(() => "");
  return [project, text];
}

async function programHash(): Promise<string> {
  const hash = createHash("sha256");
  for (const room of programRooms) {
    const names = await readdir(join(installation, room), { recursive: true });
    const files = names.filter((name) => /\.(?:ts|js)$/.test(name)).sort();
    const texts = await Promise.all(files.map((name) => readFile(join(installation, room, name))));
    for (const [index, name] of files.entries()) hash.update(`${room}/${name}\0`).update(texts[index] ?? "");
  }
  const require = createRequire(import.meta.url);
  for (const name of programPackages) {
    const { version } = require(`${name}/package.json`) as { readonly version: string };
    hash.update(`${name}@${version}\0`);
  }
  return hash.digest("hex");
}
