import { DescribeModelCommand, paginateListModels } from "@aws-sdk/client-sagemaker";
import pMap from "p-map";
import type { ImageUse } from "../../targets/image-use.ts";
import type { SourceContext } from "./source.ts";

/** The images of all models: an endpoint or a batch transform pulls them whenever it starts an instance. */
export async function imagesOfModels({ clients, signal }: SourceContext): Promise<readonly ImageUse[]> {
  const names: string[] = [];
  const pages = paginateListModels({ client: clients.sagemaker, pageSize: 100 }, {}, { abortSignal: signal });
  for await (const { Models = [] } of pages)
    names.push(...Models.flatMap(({ ModelName }) => ModelName ?? []));
  const uses = await pMap(
    names,
    async (ModelName) => {
      const command = new DescribeModelCommand({ ModelName });
      const { PrimaryContainer, Containers = [] } = await clients.sagemaker.send(command, {
        abortSignal: signal,
      });
      return [PrimaryContainer, ...Containers].flatMap((container): ImageUse[] =>
        container?.Image === undefined
          ? []
          : [
              {
                reference: container.Image,
                where: `sagemaker model ${ModelName}`,
                why: "container of the model",
                certainty: "starts",
              },
            ],
      );
    },
    // No rate is documented for DescribeModel.
    { concurrency: 4, signal },
  );
  return uses.flat();
}
