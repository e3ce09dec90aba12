import { access, chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import semver from "semver";
import { installForFirstUse, quoted } from "./first-use.ts";
import { link } from "./network/link.ts";
import { type Health, healthy, type Part, type Sandbox, type Started, unhealthy } from "./part.ts";

/** The clone that this code is part of; a project elsewhere uses its programs. */
const clone = resolve(import.meta.dirname, "..", "..");

/** The Pulumi engine, its language host, and providers where the engine takes them as installed. */
export const engine: Part = {
  name: "engine",
  title: "Pulumi: engine, language host, image provider, stand-in for the AWS providers",
  needs: [],
  tools: ["pulumi", "pulumi-language-nodejs", "pulumi-resource-docker-build"],
  check,
  start,
  // Nothing but files in the sandbox's folder.
  stop: async () => {},
};

/** The stand-ins: the package whose version they take, and the arguments of the provider's program. */
const standIns = ["aws", "awsx"] as const;

async function check({ folder }: Sandbox): Promise<Health> {
  const files = [
    join(folder.programs, "pulumi"),
    join(folder.programs, "pulumi-language-nodejs"),
    join(folder.programs, "syft"),
    ...(await Promise.all([
      pluginFile(folder.pulumiHome, "docker-build"),
      ...standIns.map((name) => pluginFile(folder.pulumiHome, name)),
    ])),
  ];
  const missing = (await Promise.all(files.map(async (file) => ((await exists(file)) ? [] : [file])))).flat();
  return missing.length === 0 ? healthy : unhealthy(`${missing[0]} is missing`);
}

async function start(sandbox: Sandbox): Promise<Started> {
  const { folder } = sandbox;
  const [pulumi, host, images] = await Promise.all([
    sandbox.tool("pulumi"),
    sandbox.tool("pulumi-language-nodejs"),
    sandbox.tool("pulumi-resource-docker-build"),
  ]);
  await rm(join(folder.pulumiHome, "plugins"), { recursive: true, force: true });
  await mkdir(folder.pulumiState, { recursive: true });
  await Promise.all([
    link(pulumi.path, join(folder.programs, "pulumi")),
    installHost(host, join(folder.programs, "pulumi-language-nodejs")),
    // The language host runs the program with the `node` that it finds on the PATH.
    link(process.execPath, join(folder.programs, "node")),
    link(images.path, await pluginFile(folder.pulumiHome, "docker-build")),
    installForFirstUse("syft", join(folder.programs, "syft"), process.env),
    ...standIns.map((name) => installStandIn(folder.pulumiHome, name)),
  ]);
  return { version: pulumi.version, origin: pulumi.origin, address: folder.pulumiHome };
}

/** A provider's program, where the engine looks for the version that the program's SDK asks for. */
async function pluginFile(pulumiHome: string, name: string): Promise<string> {
  const manifest = await readFile(join(clone, "node_modules", "@pulumi", name, "package.json"), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  return join(
    pulumiHome,
    "plugins",
    `resource-${name}-v${version.replace(/^v/, "")}`,
    `pulumi-resource-${name}`,
  );
}

/** The first language host that takes a project's runtime options from the engine's request. */
const takesOptions = "3.100.0";

/** The language host; an older one in a script that gives it the project's runtime options as flags. */
async function installHost({ path, version }: { path: string; version: string }, place: string) {
  if (semver.gte(semver.coerce(version) ?? "0.0.0", takesOptions)) return link(path, place);
  await rm(place, { force: true });
  await writeFile(place, hostScript(path));
  await chmod(place, 0o755);
}

/** The script: the engine starts it in the folder of the project. */
export function hostScript(path: string): string {
  return `#!/bin/sh
option() { sed -n "s/^ *$1: *//p" Pulumi.yaml 2>/dev/null | head -n 1; }
arguments=$(option nodeargs)
typescript=$(option typescript)
exec ${quoted(path)} \${typescript:+"-typescript=$typescript"} \${arguments:+"-nodeargs=$arguments"} "$@"
`;
}

/** A launcher of the stand-in provider; it is a script, as the engine starts programs by name. */
async function installStandIn(pulumiHome: string, name: (typeof standIns)[number]): Promise<void> {
  const file = await pluginFile(pulumiHome, name);
  const main = join(clone, "sandbox", "provider", "main.ts");
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(main)} ${name} "$@"\n`);
  await chmod(file, 0o755);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
