import { networkVariables, variablesNamed } from "../../runner/stack/tool-environment.ts";
import type { SandboxFolder } from "../folder.ts";

/**
 * Variables that a process of the sandbox takes over from the machine: where and how it is, not who the
 * user is.
 */
const inherited = [...networkVariables, "LANG", "LC_ALL", "TZ"];

/** The environment of what the sandbox starts: HOME is in its folder, so nothing reads the user's own. */
export function processEnvironment(
  folder: SandboxFolder,
  own: NodeJS.ProcessEnv,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { ...variablesNamed(inherited, own), HOME: folder.home, ...more };
}

/** Where the toolchain keeps what it gets, and how Go and pip reach their registries from here. */
export function toolchainVariables(environment: NodeJS.ProcessEnv): Record<string, string> {
  const named = /^(HOME|SLIPWAY_CACHE|XDG_CACHE_HOME|XDG_CONFIG_HOME|GO[A-Z]+|PIP_[A-Z_]+)$/;
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value !== undefined && named.test(name) ? [[name, value]] : [],
    ),
  );
}
