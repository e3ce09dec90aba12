import type { Emit } from "../runner/report/events.ts";
import { sandboxFolder } from "./folder.ts";
import { ownDockerHost } from "./parts/docker.ts";
import type { StateStore, ToolRecord } from "./state.ts";
import { ensureTools } from "./toolchain/ensure.ts";
import { type ToolName, toolNames } from "./toolchain/tools.ts";

/** Brings tools that are asked for together. */
export type BringTools = (
  names: readonly ToolName[],
  options: { readonly emit: Emit; readonly signal: AbortSignal },
) => Promise<Readonly<Record<string, ToolRecord>>>;

/**
 * Tools that come together: built from the same modules, or by the same system package. Groups come
 * side by side, and a part waits for its own only.
 */
const groups: readonly (readonly ToolName[])[] = [
  ["pulumi", "pulumi-language-nodejs"],
  ["pulumi-resource-docker-build", "buildkitd", "buildx"],
  ["docker", "runc"],
  ["qemu-aarch64"],
  ["ministack"],
  ["busybox-amd64", "busybox-arm64", "lambda-rie-amd64", "lambda-rie-arm64"],
];

/** A function that brings each tool once, with those that come with it, and writes down where it is. */
export function toolBox(
  store: StateStore,
  options: { readonly emit: Emit; readonly signal: AbortSignal; readonly bringTools?: BringTools },
): (name: string) => Promise<ToolRecord> {
  const bring: BringTools = options.bringTools ?? ensureTools;
  const coming = new Map<readonly ToolName[], Promise<Readonly<Record<string, ToolRecord>>>>();
  return async (name) => {
    const group = groupOf(name, store);
    const tools = coming.get(group) ?? bring(group, options);
    coming.set(group, tools);
    const { path, version, origin } = (await tools)[name] as ToolRecord;
    const record = { path, version, origin };
    await store.update((state) => ({ ...state, tools: { ...state.tools, [name]: record } }));
    return record;
  };
}

const withDaemon: readonly ToolName[] = ["dockerd", "docker", "runc"];

function groupOf(name: string, store: StateStore): readonly ToolName[] {
  const { dockerHost, root } = store.current();
  const own = dockerHost === ownDockerHost(sandboxFolder(root));
  if (own && withDaemon.some((each) => each === name)) return withDaemon;
  const group = groups.find((each) => each.some((member) => member === name));
  if (group !== undefined) return group;
  const known = toolNames.find((each) => each === name);
  if (known === undefined) throw new Error(`the toolchain has no ${name}`);
  return [known];
}
