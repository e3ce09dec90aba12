import { readRevision } from "../image/git.ts";
import { planTags } from "../image/tags.ts";
import { compareWithRegistry } from "./compare.ts";
import type { DeployPlan } from "./documents.ts";
import { inspectServices } from "./inspect.ts";
import { type InspectedService, planDeployment } from "./plan.ts";
import type { Session } from "./session.ts";

/** A deployment that could begin: everything that can be known without changing anything. */
export interface PreparedDeployment {
  readonly plan: DeployPlan;
  readonly inspected: readonly InspectedService[];
  readonly tags: readonly string[];
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
  const [compared, tags] = await timeline.run(
    { id: "compare", title: "Compare the sources with the registry" },
    async ({ conclude }) => {
      const [services, revision] = await Promise.all([compareWithRegistry(session), readRevision(directory)]);
      const planned = planTags(settings.tags, { stack: settings.stack, version, revision });
      for (const { format, reason } of planned.leftOut) {
        emit({ kind: "notice", message: `no tag is made from ${format}: ${reason}` });
      }
      const missing = services.filter(({ image }) => image === undefined).length;
      conclude("done", missing === 0 ? "all of them are built" : `${missing} of ${services.length} to build`);
      return [services, planned.tags] as const;
    },
  );
  const inspected = await timeline.run({ id: "check", title: "Check tags and targets" }, () =>
    inspectServices(session, compared, tags, "check"),
  );
  const where = { stack: settings.stack, account: caller.account, region: settings.aws.region };
  return { plan: planDeployment(where, inspected), inspected, tags };
}
