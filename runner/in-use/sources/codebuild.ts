import { BatchGetProjectsCommand, paginateListProjects } from "@aws-sdk/client-codebuild";
import chunk from "es-toolkit/compat/chunk";
import pMap from "p-map";
import { type ImageUse, parallelReads } from "../../targets/image-use.ts";
import type { SourceContext } from "./source.ts";

/** https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetProjects.html */
const mostAtOnce = 100;

/** The images that builds of CodeBuild run in. */
export async function imagesOfProjects({ clients, signal }: SourceContext): Promise<readonly ImageUse[]> {
  const names: string[] = [];
  const pages = paginateListProjects({ client: clients.codebuild }, {}, { abortSignal: signal });
  for await (const { projects = [] } of pages) names.push(...projects);
  const uses = await pMap(
    chunk(names, mostAtOnce),
    async (some) => {
      const command = new BatchGetProjectsCommand({ names: some });
      const { projects = [] } = await clients.codebuild.send(command, { abortSignal: signal });
      return projects.flatMap(({ name, environment }): ImageUse[] =>
        environment?.image === undefined
          ? []
          : [
              {
                reference: environment.image,
                where: `codebuild ${name}`,
                why: "image of the build environment",
                certainty: "starts",
              },
            ],
      );
    },
    { concurrency: parallelReads, signal },
  );
  return uses.flat();
}
