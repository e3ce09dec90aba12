import { tagFormats } from "../../config/stack/tags.ts";
import { type Revision, readRevision, touches } from "../git/revision.ts";
import type { Session } from "../session/session.ts";
import { planTags } from "../tags/tags.ts";
import { isMove } from "../targets/target.ts";
import { cleanTreeGate, cleanTreeProblems } from "./clean-tree.ts";
import { type ComparedService, compareWithRegistry } from "./compare.ts";
import type { DeployPlan } from "./document.ts";
import { inspectServices } from "./inspect.ts";
import { type NewestWins, newestWins } from "./newest-wins.ts";
import { pathsRead } from "./paths-read.ts";
import { type InspectedService, planDeployment, type TaggedService } from "./plan.ts";

/** What a plan is asked for, beside its services. */
export interface PlanRequest {
  /** `--version` or TAG. */
  readonly version: string | undefined;
  /** Deploy also what is not committed where the stack refuses that. Default: false. */
  readonly allowDirty?: boolean | undefined;
  /** Deploy also a commit that is older than the one that runs. Default: false. */
  readonly force?: boolean | undefined;
}

/** A deployment that could begin: everything that can be known without changing anything. */
export interface PreparedDeployment {
  readonly plan: DeployPlan;
  readonly inspected: readonly InspectedService[];
  /** The commit that the project is at. */
  readonly revision: Revision | undefined;
  /** What keeps a newer release from being replaced. */
  readonly newest: NewestWins;
}

/**
 * Finds out what a deployment would do: what is to be built, which tags the images get, and what
 * would change in each target. Only reads.
 *
 * @param request what it is asked for beside the services
 */
export async function prepareDeployment(session: Session, request: PlanRequest): Promise<PreparedDeployment> {
  const { timeline, settings, directory, emit, caller } = session;
  const { compared, revision } = await timeline.run(
    { id: "compare", title: "Compare the sources with the registry" },
    async ({ conclude }) => {
      const [services, revision] = await Promise.all([compareWithRegistry(session), readRevision(directory)]);
      const tagged = services.map((one) => tagService(one, session, request, revision));
      const { leftOut = [] } = tagged[0]?.tagPlan ?? {};
      for (const { format, reason, because } of leftOut) {
        if (because === "unknown")
          emit({ kind: "notice", message: `no tag is made from ${format}: ${reason}` });
      }
      const missing = services.filter(({ image }) => image === undefined).length;
      conclude("done", missing === 0 ? "all of them are built" : `${missing} of ${services.length} to build`);
      return { compared: tagged, revision };
    },
  );
  const newest = newestWins(session, revision, { force: request.force ?? false });
  const inspected = await timeline.run({ id: "check", title: "Check tags and targets" }, async () =>
    Promise.all((await inspectServices(session, compared, "check")).map((one) => holdAgainst(newest, one))),
  );
  const where = { stack: settings.stack, account: caller.account, region: settings.aws.region };
  return { plan: planDeployment(where, inspected), inspected, revision, newest };
}

/** Adds what stands in the way when a service would be moved to an older commit than it runs. */
async function holdAgainst(newest: NewestWins, inspected: InspectedService): Promise<InspectedService> {
  const { service, repository, head, targets, sourceProblems = [] } = inspected;
  if (!targets.some(isMove)) return inspected;
  const problems = await newest.check([{ service: service.name, repository, head }]);
  return { ...inspected, sourceProblems: [...sourceProblems, ...problems] };
}

function tagService(
  compared: ComparedService,
  { settings }: Session,
  { version, allowDirty = false }: PlanRequest,
  revision: Revision | undefined,
): TaggedService {
  const { service, source } = compared;
  const { stack, mainBranch } = settings;
  const read = pathsRead(compared, stack);
  const uncommitted = revision?.uncommitted.filter((path) => touches([path], read)) ?? [];
  const uncommittedSource = uncommitted.length > 0 ? source.hash : undefined;
  const tagPlan = planTags(tagFormats(settings.tags), {
    stack,
    version,
    revision,
    mainBranch,
    uncommittedSource,
  });
  if (!settings.deploy.requireCleanTree) return { ...compared, tagPlan };
  const found = cleanTreeProblems(service.name, stack, revision === undefined ? "no git" : uncommitted);
  const gate = cleanTreeGate(found, allowDirty);
  return { ...compared, tagPlan, sourceProblems: allowDirty ? [] : found, gates: [gate] };
}
