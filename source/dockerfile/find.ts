import { posix } from "node:path";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { lowerCaseDockerfile } from "../../config/catalogue/dockerfile.ts";
import { missingDockerfile } from "../../config/description/sources.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { SourceFile } from "../file.ts";
import { followInside } from "../links.ts";
import type { SourceTree } from "../tree.ts";

/** A Dockerfile as a build finds it. */
export interface FoundDockerfile {
  /** Its name, which its own ignore file has before `.dockerignore`. Relative to the project's directory. */
  readonly name: string;
  /** Its content, links followed. Its path is relative to the project's directory. */
  readonly file: SourceFile;
}

/**
 * The Dockerfile of a service, through links in its folder. Where `Dockerfile` does not exist, `dockerfile`
 * takes its place, and brings its own ignore file, as `docker build` has it.
 * https://github.com/docker/buildx/blob/v0.30.1/build/opt.go (handleLowercaseDockerfile)
 *
 * @throws UserError `missing-file`, `link-leads-out`
 */
export async function findDockerfile(tree: SourceTree, service: Service): Promise<FoundDockerfile> {
  const written = posix.normalize(service.dockerfile);
  const lower = lowerCaseDockerfile(written);
  const found =
    (await read(tree, written)) ??
    // A link of that name is a Dockerfile that leads nowhere.
    (lower === undefined || (await tree.readLink(written)) !== undefined
      ? undefined
      : await read(tree, lower));
  if (found === undefined) throw new UserError(missingDockerfile(service));
  return found;
}

async function read(tree: SourceTree, name: string): Promise<FoundDockerfile | undefined> {
  const path = await followInside(tree.readLink, posix.dirname(name), name);
  const file = await tree.readFile(path);
  // A link is left only where it leads nowhere.
  return file === undefined || file.kind === "link" ? undefined : { name, file: { ...file, path } };
}
