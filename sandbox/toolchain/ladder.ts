import { checks } from "./ladders/checks.ts";
import { containers } from "./ladders/containers.ts";
import { images } from "./ladders/images.ts";
import { languages } from "./ladders/languages.ts";
import { servers } from "./ladders/servers.ts";
import type { GoModule, Rung } from "./rung.ts";
import type { ToolName } from "./tools.ts";

/** What the newest `go` line in `go/*\/go.mod` asks for, of the modules that the sandbox itself is built from. */
export const goModulesNeed = "1.26.0";

/** What the `go` line of a module asks for, where that is newer. */
const goNeedsMore: Partial<Readonly<Record<GoModule, string>>> = {
  etcd: "1.26.8",
  kubernetes: "1.26.8",
  argocd: "1.27.3",
  scanner: "1.26.8",
  gitea: "1.26.8",
};

/** The oldest Go that builds a module of `go/` without fetching another toolchain. */
export const goNeeded = (module: GoModule): string => goNeedsMore[module] ?? goModulesNeed;

/**
 * For each tool, the ways to get it, best first. The first that works is taken; `installed` always
 * comes before what this project fetched earlier.
 */
export const ladder: Readonly<Record<ToolName, readonly Rung[]>> = {
  ...images,
  ...containers,
  ...languages,
  ...checks,
  ...servers,
};
