import { posix } from "node:path";
import { linkCircle } from "../config/description/text-file.ts";
import { UserError } from "../config/problems/errors.ts";

/** Where a link leads, as it is written; undefined for anything else, and when there is nothing. */
export type ReadLink = (path: string) => Promise<string | undefined>;

/** Links that lead to links: Linux's own limit. */
const maximumLinks = 40;

/**
 * Where BuildKit finds a file of a folder that it was given: it follows links as if the folder were the root
 * of everything. A link that leads out of the folder would lead it to another file, or to none, so it is
 * refused.
 * https://github.com/tonistiigi/fsutil/blob/master/followlinks.go
 *
 * @param path relative to the project's directory; the folder is its first part and may itself be a link
 * @returns the path of the file, or of where none is
 * @throws UserError `link-leads-out`, `unreadable-source` for links in a circle
 */
export async function followInside(readLink: ReadLink, folder: string, path: string): Promise<string> {
  const open = posix.relative(folder, path).split("/");
  let found: string[] = [];
  for (let links = 0; open.length > 0; ) {
    const part = open.shift() ?? "";
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (found.pop() === undefined) throw leadsOut(folder, path, await leadsTo(readLink, path));
      continue;
    }
    const target = await readLink(posix.join(folder, ...found, part));
    if (target === undefined) {
      found.push(part);
      continue;
    }
    if (target.startsWith("/")) throw leadsOut(folder, path, target);
    if (++links > maximumLinks) throw circle(path);
    open.unshift(...target.split("/"));
  }
  found = found.length === 0 ? ["."] : found;
  return posix.join(folder, ...found);
}

/**
 * Where a path leads when links are followed wherever they lead. One that leads out of everything, by its
 * root, stays as it is.
 */
export async function followLinks(readLink: ReadLink, path: string): Promise<string> {
  let at = path;
  for (let links = 0; links < maximumLinks; links++) {
    const target = await readLink(at);
    if (target === undefined || target.startsWith("/")) return at;
    at = posix.join(posix.dirname(at), target);
  }
  return path;
}

async function leadsTo(readLink: ReadLink, path: string): Promise<string | undefined> {
  const target = await followLinks(readLink, path);
  return target === path || target.startsWith("..") ? undefined : target;
}

function circle(path: string): UserError {
  return new UserError({
    code: "unreadable-source",
    where: path,
    message: linkCircle,
    fix: "point the link at the file",
  });
}

function leadsOut(folder: string, path: string, target: string | undefined): UserError {
  const inProject = target !== undefined && !target.startsWith("/");
  const isIgnoreFile = path.endsWith(".dockerignore");
  return new UserError({
    code: "link-leads-out",
    where: path,
    ...(target !== undefined && { value: target }),
    message: `is a symbolic link out of ${folder === "." ? "the project's directory" : folder}, which BuildKit does not follow${isIgnoreFile ? ": it would leave nothing out" : ""}`,
    fix:
      inProject && !isIgnoreFile
        ? `name the file itself in services.yaml: dockerfile: ${target}`
        : "write the file itself in the link's place",
  });
}
