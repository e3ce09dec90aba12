import { DescribeServiceCommand, paginateListServices } from "@aws-sdk/client-apprunner";
import pMap from "p-map";
import type { ImageUse } from "../../targets/image-use.ts";
import type { SourceContext } from "./source.ts";

/** The images of App Runner's services. It takes no new customers since 30 April 2026, and runs what there is. */
export async function imagesOfAppRunner({ clients, signal }: SourceContext): Promise<readonly ImageUse[]> {
  const services: string[] = [];
  const pages = paginateListServices(
    { client: clients.apprunner, pageSize: 20 },
    {},
    { abortSignal: signal },
  );
  for await (const { ServiceSummaryList = [] } of pages) {
    const there = ServiceSummaryList.filter(({ Status }) => Status !== "DELETED");
    services.push(...there.flatMap(({ ServiceArn }) => ServiceArn ?? []));
  }
  const uses = await pMap(
    services,
    async (ServiceArn): Promise<readonly ImageUse[]> => {
      const command = new DescribeServiceCommand({ ServiceArn });
      const { Service } = await clients.apprunner.send(command, { abortSignal: signal });
      const reference = Service?.SourceConfiguration?.ImageRepository?.ImageIdentifier;
      if (reference === undefined) return [];
      return [{ reference, where: `app runner ${Service?.ServiceName}`, why: `service, ${Service?.Status}` }];
    },
    { concurrency: 4, signal },
  );
  return uses.flat();
}
