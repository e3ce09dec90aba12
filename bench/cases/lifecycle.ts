import { join } from "node:path";
import { z } from "zod";
import type { Case, Pair } from "../result.ts";
import { type ManyServices, manyServices } from "../stand-in/project.ts";
import { clone, folder } from "../world.ts";

/** How much there is to read. */
const services = 500;
const manifests = 200;

/** (h) The calendar of five hundred repositories with two hundred manifests each, whose manifests are known. */
export const calendar = {
  id: "h-lifecycle-500x200",
  title: "lifecycle preview, 500 repositories of 200 manifests, manifests known",
  target: { kind: "seconds", most: 10, mostMebibytes: 500 },
} as const satisfies Case;

/** A project of five hundred services whose repositories have had a busy year. */
export function yearOfServices(signal: AbortSignal): Promise<ManyServices> {
  return manyServices(clone, join(folder, "year"), services, signal, manifests);
}

const documentSchema = z.object({
  repositories: z.array(z.object({ images: z.number(), calendar: z.array(z.unknown()) })),
});

/** @param runs how often; the first look, which reads each manifest, is not among them */
export async function measureCalendar(project: ManyServices, runs: number): Promise<Pair[]> {
  await project.slipway("lifecycle", "preview");
  const pairs: Pair[] = [];
  for (let run = 0; run < runs; run++) {
    project.standIn.takeCalls();
    const ours = await project.slipway("lifecycle", "preview");
    const { repositories } = documentSchema.parse(JSON.parse(ours.stdout));
    const seen = repositories.reduce((sum, { images }) => sum + images, 0);
    // The build cache has a repository as well, and no policy.
    const going = repositories.filter(({ calendar: entries }) => entries.length > 0);
    if (seen < services * (manifests - 3) || going.length !== services)
      throw new Error(`lifecycle preview saw ${seen} manifests of ${repositories.length} repositories`);
    const { BatchGetImage: read = 0 } = project.standIn.takeCalls();
    // One for the newest release record of each repository.
    if (read > services) throw new Error(`lifecycle preview made ${read} calls of BatchGetImage`);
    pairs.push({ ours });
  }
  return pairs;
}
