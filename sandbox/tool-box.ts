import type { Emit } from "../runner/report/events.ts";
import { sandboxFolder } from "./folder.ts";
import { ownDockerHost } from "./parts/docker.ts";
import type { StateStore, ToolRecord } from "./state.ts";
import { ensureTools } from "./toolchain/ensure.ts";
import type { ToolName } from "./toolchain/tools.ts";

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

/** Brings each tool once, with those that come with it, and writes down where it is. */
export interface ToolBox {
  tool(name: ToolName): Promise<ToolRecord>;
  /** Resolves when no tool is being fetched, after success or failure. */
  settled(): Promise<void>;
}

export function toolBox(
  store: StateStore,
  options: { readonly emit: Emit; readonly signal: AbortSignal; readonly bringTools?: BringTools },
): ToolBox {
  const bring: BringTools = options.bringTools ?? ensureTools;
  const coming = new Map<readonly ToolName[], Promise<Readonly<Record<string, ToolRecord>>>>();
  return {
    async tool(name) {
      const group = groupOf(name, store);
      const tools = coming.get(group) ?? bring(group, options);
      coming.set(group, tools);
      const { path, version, origin } = (await tools)[name] as ToolRecord;
      const record = { path, version, origin };
      await store.update((state) => ({ ...state, tools: { ...state.tools, [name]: record } }));
      return record;
    },
    async settled() {
      await Promise.allSettled(coming.values());
    },
  };
}

const withDaemon: readonly ToolName[] = ["dockerd", "docker", "runc"];

function groupOf(name: ToolName, store: StateStore): readonly ToolName[] {
  const { dockerHost, root } = store.current();
  const own = dockerHost === ownDockerHost(sandboxFolder(root));
  if (own && withDaemon.includes(name)) return withDaemon;
  return groups.find((each) => each.includes(name)) ?? [name];
}
