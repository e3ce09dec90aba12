import { catalogueFile, stackFile } from "../../config/description.ts";
import { isLocalContext } from "../../config/load.ts";
import { type Revision, readRevision, touches } from "../image/git.ts";
import { planTags, type TagPlan } from "../image/tags.ts";
import { type ComparedService, compareWithRegistry } from "./compare.ts";
import type { DeployPlan } from "./documents.ts";
import { inspectServices } from "./inspect.ts";
import { type InspectedService, planDeployment } from "./plan.ts";
import type { Session } from "./session.ts";

/** A deployment that could begin: everything that can be known without changing anything. */
export interface PreparedDeployment {
  readonly plan: DeployPlan;
  readonly inspected: readonly InspectedService[];
}

/**
 * Finds out what a deployment would do: what is to be built, which tags the images get, and what
 * would change in each target. Only reads.
 *
 * @param version `--version` or TAG
 */
export async function prepareDeployment(
  session: Session,
  version: string | undefined,
): Promise<PreparedDeployment> {
  const { timeline, settings, directory, emit, caller } = session;
  const compared = await timeline.run(
    { id: "compare", title: "Compare the sources with the registry" },
    async ({ conclude }) => {
      const [services, revision] = await Promise.all([compareWithRegistry(session), readRevision(directory)]);
      const tagged = services.map((one) => ({ ...one, tagPlan: tagsOf(one, session, version, revision) }));
      const { leftOut = [] } = tagged[0]?.tagPlan ?? {};
      for (const { format, reason } of leftOut) {
        emit({ kind: "notice", message: `no tag is made from ${format}: ${reason}` });
      }
      const missing = services.filter(({ image }) => image === undefined).length;
      conclude("done", missing === 0 ? "all of them are built" : `${missing} of ${services.length} to build`);
      return tagged;
    },
  );
  const inspected = await timeline.run({ id: "check", title: "Check tags and targets" }, () =>
    inspectServices(session, compared, "check"),
  );
  const where = { stack: settings.stack, account: caller.account, region: settings.aws.region };
  return { plan: planDeployment(where, inspected), inspected };
}

function tagsOf(
  compared: ComparedService,
  { settings }: Session,
  version: string | undefined,
  revision: Revision | undefined,
): TagPlan {
  const { source } = compared;
  const differs =
    revision !== undefined && touches(revision.uncommitted, pathsRead(compared, settings.stack));
  const uncommittedSource = differs ? source.hash : undefined;
  return planTags(settings.tags, { stack: settings.stack, version, revision, uncommittedSource });
}

/**
 * Files and folders that decide what is built: those that the build reads and, where it is still to be
 * built, those that describe it. (An image that is there was built from this very source, whatever else
 * has changed in the description since.) Pure.
 */
export function pathsRead(
  { service, image }: Pick<ComparedService, "service" | "image">,
  stack: string,
): string[] {
  const { context, dockerfile, contexts, extraInputs } = service;
  return [
    context,
    dockerfile,
    ...Object.values(contexts).filter(isLocalContext),
    ...extraInputs,
    ...(image === undefined ? [catalogueFile, stackFile(stack)] : []),
  ];
}
