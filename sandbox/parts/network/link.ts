import { mkdir, rm, symlink } from "node:fs/promises";
import { dirname } from "node:path";

/** Creates a symbolic link and replaces what was there. */
export async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await symlink(target, path);
}
