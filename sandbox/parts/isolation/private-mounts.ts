import { mkdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * Runs a program in a mount namespace of its own, where what it writes to /run, /etc and /opt goes to
 * memory: dockerd, containerd and buildkitd always keep keys, sockets and folders there. Their own mounts
 * (layers, networks) are also in it, and disappear with the last process.
 *
 * A folder that contains the project stays as it is. Files mounted into /etc one by one, as
 * containers have them, are not seen through an overlay: they are copied.
 */
const script = `set -e
memory=$1 project=$2
shift 2
mount -t tmpfs -o mode=0700 tmpfs "$memory"
for place in /run /etc /opt; do
  case "$project/" in "$place"/*) continue ;; esac
  [ -d "$place" ] || continue
  layer="$memory$place"
  mkdir -p "$layer" "$memory/work$place"
  for file in resolv.conf hosts hostname; do
    if [ "$place" = /etc ] && mountpoint -q "/etc/$file"; then cp -p "/etc/$file" "$layer/"; fi
  done
  mount -t overlay overlay -o "lowerdir=$place,upperdir=$layer,workdir=$memory/work$place" "$place"
done
exec "$@"`;

/** The command that runs another one like that. `runtime` is a folder of its own. */
export async function inPrivateMounts(
  runtime: string,
  project: string,
  command: string,
  args: readonly string[],
): Promise<{ readonly command: string; readonly arguments: readonly string[] }> {
  const memory = join(runtime, "memory");
  await mkdir(memory, { recursive: true });
  return {
    command: "unshare",
    arguments: [
      "--mount",
      "--propagation",
      "private",
      "sh",
      "-c",
      script,
      "sh",
      memory,
      project,
      command,
      ...args,
    ],
  };
}
