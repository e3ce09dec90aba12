import { normalizePlatform } from "../../../builder/manifest.ts";
import type { Service } from "../../../config/catalogue/catalogue.ts";
import { type StackDescription, stackFile } from "../../../config/description/description.ts";
import type { Builder } from "../../../config/settings.ts";
import type { Check } from "./document.ts";
import { runTool } from "./tools.ts";

/** Checks that the stack's builder exists and builds all platforms of all services. */
export async function checkBuilder(
  { catalogue, settings }: StackDescription,
  signal: AbortSignal,
): Promise<Check> {
  const wanted = platformsOf(catalogue.services);
  const declared = declaredPlatforms(settings.builder);
  const where = stackFile(settings.stack);
  if (declared !== undefined) return judge(`${settings.builder.kind} (${where})`, declared, wanted);
  const name = settings.builder.kind === "buildx" ? settings.builder.name : undefined;
  const text = await runTool("docker", ["buildx", "inspect", ...(name === undefined ? [] : [name])], signal);
  if (text === undefined) {
    return {
      name: "builder",
      state: "fail",
      message: name === undefined ? "no buildx builder is selected" : `buildx has no builder ${name}`,
      fix: `create one (docker buildx create --use), or correct slipway:builder in ${where}`,
    };
  }
  const found = parseBuilder(text);
  if (found.driver === "docker" && wanted.length > 1) {
    return {
      name: "builder",
      state: "fail",
      message: `${found.name} uses the docker driver, which builds for one platform only`,
      fix: "docker buildx create --use --driver docker-container",
    };
  }
  return judge(`${found.name} (${found.driver})`, found.platforms, wanted);
}

function judge(title: string, has: readonly string[], wanted: readonly string[]): Check {
  const missing = wanted.filter((platform) => !has.includes(platform));
  if (missing.length === 0)
    return { name: "builder", state: "ok", message: `${title}: ${wanted.join(", ")}` };
  return {
    name: "builder",
    // BuildKit lists emulated platforms only after the first request for one.
    state: has.length === 0 ? "warn" : "fail",
    message: `${title} does not list ${missing.join(", ")} as a platform`,
    fix: "add a node for it (slipway:builder), or install emulation: docker run --privileged --rm tonistiigi/binfmt --install all",
  };
}

/** The distinct platforms of all services. */
export function platformsOf(services: readonly Service[]): string[] {
  return [...new Set(services.flatMap(({ platforms }) => platforms.map(normalizePlatform)))].sort();
}

/** Platforms that the stack's settings declare for the nodes; undefined if only the builder itself knows. */
function declaredPlatforms(builder: Builder): string[] | undefined {
  switch (builder.kind) {
    case "remote":
      return builder.nodes.flatMap(({ platforms }) => platforms.map(normalizePlatform));
    case "kubernetes":
      return builder.platforms?.map(normalizePlatform);
    case "default":
    case "buildx":
      return undefined;
  }
}

/** What `docker buildx inspect` prints. */
export function parseBuilder(text: string): { name: string; driver: string; platforms: string[] } {
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
  const platforms = [...text.matchAll(/^Platforms:\s*(.*)$/gm)].flatMap((match) =>
    (match[1] ?? "").split(",").map((platform) => platform.trim().replace(/\*$/, "")),
  );
  return {
    name: field("Name"),
    driver: field("Driver"),
    platforms: [...new Set(platforms.filter((platform) => platform !== "").map(normalizePlatform))],
  };
}
