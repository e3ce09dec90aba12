import { basename, dirname } from "node:path/posix";
import { isComposeFile } from "../names.ts";

/** The order in which Docker Compose looks for its file in a folder. */
const order = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/**
 * The compose files to read: in each folder the one that Docker Compose reads without being told. Others
 * are told of: they are for one environment, or overrides for development.
 * https://docs.docker.com/compose/intro/compose-application-model/#the-compose-file
 */
export function composeFiles(files: readonly string[]): {
  readonly read: readonly string[];
  readonly passedOver: readonly string[];
} {
  const others = files.filter((path) => /^(docker-)?compose[.-][\w.-]+\.ya?ml$/.test(basename(path)));
  const folders = [...Map.groupBy(files.filter(isComposeFile), dirname).values()];
  const sorted = folders.map((paths) =>
    paths.toSorted((a, b) => order.indexOf(basename(a)) - order.indexOf(basename(b))),
  );
  return {
    read: sorted.flatMap(([first]) => first ?? []),
    passedOver: [
      ...sorted.flatMap(([first, ...more]) =>
        more.map((path) => `${path} was not read: Docker Compose reads ${basename(first ?? "")} before it`),
      ),
      ...others.map((path) => `${path} was not read: Docker Compose reads it only beside another file`),
    ],
  };
}
