import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Measured } from "./measure.ts";
import type { Project } from "./project.ts";
import type { World } from "./world.ts";

/** `docker buildx bake --push` of the same images, for the same platforms, on the same builder. */
export async function bake(world: World, project: Project, services: readonly string[]): Promise<Measured> {
  const folder = join(project.directory, ".slipway");
  await mkdir(folder, { recursive: true });
  const file = join(folder, "bake.json");
  const target = (service: string) => ({
    context: `services/${service}`,
    platforms: ["linux/amd64", "linux/arm64"],
    tags: [`${project.repository(service)}:bake-${Date.now()}`],
    contexts: Object.fromEntries(
      Object.entries(world.state.baseImages).map(([base, image]) => [base, `docker-image://${image}`]),
    ),
    // As Slipway's: no attestations.
    attest: ["type=provenance,disabled=true"],
  });
  const targets = Object.fromEntries(services.map((service) => [service, target(service)]));
  await writeFile(file, JSON.stringify({ group: { default: { targets: services } }, target: targets }));
  return project.run("docker", ["buildx", "bake", "--push", "--progress=plain", "--file", file]);
}
