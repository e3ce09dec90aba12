import { loadWaivers } from "../../config/description/waivers.ts";
import { releaseTag, repositoryName } from "../../config/names.ts";
import { findingsPolicy } from "../../config/stack/gates.ts";
import { tagFormats } from "../../config/stack/tags.ts";
import type { Source } from "../../source/hash.ts";
import { type Revision, readRevision } from "../git/revision.ts";
import { findUncommitted } from "../git/uncommitted.ts";
import { keepTagsOf } from "../in-use/keep-tags.ts";
import { type ReadAhead, readAhead } from "../registry/tags.ts";
import type { Session } from "../session/session.ts";
import { planTags } from "../tags/tags.ts";
import { kindOf } from "../targets/kinds.ts";
import { cleanTreeGate, cleanTreeProblems } from "./clean-tree.ts";
import { type ComparedService, compareWithRegistry, hashChosenSources } from "./compare.ts";
import { inspectServices } from "./inspect.ts";
import type { PlannedService, TaggedService } from "./plan.ts";

/** The options of a plan, besides its services. */
export interface PlanRequest {
  /** `--version` or TAG. */
  readonly version: string | undefined;
  /** Whether to deploy uncommitted changes even if the stack refuses them. Default: false. */
  readonly allowDirty?: boolean | undefined;
  /** Whether to deploy a commit that is older than the one that runs. Default: false. */
  readonly force?: boolean | undefined;
  /** Names of services to build again although the registry has their images. Default: none. */
  readonly rebuild?: ReadonlySet<string> | undefined;
}

/** A planned deployment: everything that is known before the first change. */
export interface PlannedDeployment {
  readonly services: readonly PlannedService[];
  /** The commit that the project is at. */
  readonly revision: Revision | undefined;
}

/**
 * Plans a deployment: the images to build, their tags, and the changes in each target. Only reads.
 *
 * @throws UserError for what is wrong with waivers.yaml, on a stack with a gate of findings
 */
export async function planDeployment(session: Session, request: PlanRequest): Promise<PlannedDeployment> {
  const { timeline, emit } = session;
  await checkWaivers(session);
  const ahead = new Map<string, ReadAhead>();
  const { tagged, revision } = await timeline.run(
    { id: "compare", title: "Compare the sources with the registry" },
    async ({ conclude }) => {
      const [sources, revision] = await Promise.all([
        hashChosenSources(session),
        readRevision(session.directory),
      ]);
      // Beside the images of the sources: one call for each repository instead of two.
      readTagsAhead(session, sources, planTagsOf(session, request, revision, undefined).tags, ahead);
      const [compared, uncommitted] = await Promise.all([
        compareWithRegistry(session, sources, request.rebuild),
        revision && findUncommitted(session, sources, revision.commit, session.signal),
      ]);
      const missing = compared.filter(({ image }) => image === undefined).length;
      conclude("done", missing === 0 ? "all images exist" : `${missing} of ${compared.length} to build`);
      const tagged = compared.map((one) =>
        tagService(one, session, request, revision, uncommitted?.get(one.service.name) ?? []),
      );
      return { tagged, revision };
    },
  );
  for (const { format, reason, because } of tagged[0]?.tagPlan.leftOut ?? []) {
    if (because === "unknown") emit({ kind: "notice", message: `skipped tag ${format}: ${reason}` });
  }
  const candidate = { commit: revision, command: "deploy", force: request.force ?? false } as const;
  const services = await timeline.run({ id: "check", title: "Check tags and targets" }, (step) =>
    inspectServices(session, tagged, { candidate, ahead }, step),
  );
  const notices = new Set(services.flatMap(({ newestWins }) => newestWins.notices));
  for (const message of notices) emit({ kind: "notice", message });
  return { services, revision };
}

/**
 * Reads waivers.yaml on a stack whose gate will: a mistake in it is told now, and not when the images are built.
 *
 * @throws UserError with every problem of the file
 */
async function checkWaivers({ directory, catalogue, settings: { gates } }: Session): Promise<void> {
  if (gates !== undefined && findingsPolicy(gates) !== undefined) await loadWaivers(directory, catalogue);
}

/**
 * Starts to read where each service's tags are, those that mark what its targets run as well, and its newest
 * release record.
 *
 * @param tags of an image whose source is committed, as most are
 * @param ahead by service; what is read is added
 */
function readTagsAhead(
  { settings, clients, signal }: Session,
  sources: ReadonlyMap<string, Source>,
  tags: readonly string[],
  ahead: Map<string, ReadAhead>,
): void {
  for (const { inputs } of sources.values()) {
    const { name } = inputs.service;
    const repository = repositoryName(settings, inputs.service);
    const keepTags = inputs.service.targets.map(
      (target) => keepTagsOf(settings.stack, kindOf(target).title(target)).inUse,
    );
    const all = [...tags, releaseTag(settings.stack), ...keepTags];
    ahead.set(name, readAhead(clients, repository, all, signal));
  }
}

function planTagsOf(
  { settings }: Session,
  { version }: PlanRequest,
  revision: Revision | undefined,
  uncommittedSource: string | undefined,
) {
  const { stack, mainBranch } = settings;
  return planTags(tagFormats(settings.tags), { stack, version, revision, mainBranch, uncommittedSource });
}

function tagService(
  compared: ComparedService,
  session: Session,
  request: PlanRequest,
  revision: Revision | undefined,
  uncommitted: readonly string[],
): TaggedService {
  const { service, source } = compared;
  const { settings } = session;
  const { stack } = settings;
  const { allowDirty = false } = request;
  const uncommittedSource = uncommitted.length > 0 ? source.hash : undefined;
  const tagPlan = planTagsOf(session, request, revision, uncommittedSource);
  const tagged = { ...compared, tagPlan, isDirty: uncommitted.length > 0 };
  if (!settings.deploy.requireCleanTree) return { ...tagged, sourceProblems: [], gates: [] };
  const found = cleanTreeProblems(service.name, stack, revision === undefined ? "no git" : uncommitted);
  const gate = cleanTreeGate(found, allowDirty);
  return { ...tagged, sourceProblems: allowDirty ? [] : found, gates: [gate] };
}
