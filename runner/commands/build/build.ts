import pMap from "p-map";
import type { Service } from "../../../config/catalogue/catalogue.ts";
import { stackFile } from "../../../config/description/description.ts";
import { cacheRepositoryName, repositoryName } from "../../../config/names.ts";
import { UserError } from "../../../config/problems/errors.ts";
import { firstLine } from "../../../config/problems/first-line.ts";
import { buildOnly } from "../../build/local.ts";
import type { BuildOnly, BuildOutcome, PushTo } from "../../build/local-service.ts";
import { withPushLogin, withReadLogin } from "../../build/push-login.ts";
import { onlyChangedSince } from "../../git/changed-since.ts";
import { fetchLogin, type RegistryLogin } from "../../registry/login.ts";
import { getManifest, parseStored } from "../../registry/lookup.ts";
import { tagMovability } from "../../registry/tags.ts";
import { readNewestRecord } from "../../release/store.ts";
import {
  openDescription,
  type Selection,
  type Session,
  type SessionContext,
  withSession,
} from "../../session/session.ts";

/** `slipway build`. */
export interface BuildDocument {
  readonly version: 1;
  readonly kind: "build";
  readonly stack: string;
  readonly outcome: "done" | "failed";
  readonly services: readonly ReviewedService[];
  /** Whether sizes were compared with the last release, and if not, why. */
  readonly compared: { readonly with: "released" } | { readonly with: "nothing"; readonly reason: string };
  readonly milliseconds: number;
}

export interface ReviewedService extends BuildOutcome {
  /** Platform → bytes of the last release, if known. */
  readonly releasedBytes: Readonly<Record<string, number>>;
}

export interface BuildRequest extends Selection {
  /** Pull request number: push images as `pr-<number>`; undefined: push nothing. */
  readonly pushPr: string | undefined;
}

type Sizes = ReadonlyMap<string, Readonly<Record<string, number>>>;

/** Builds and checks what changed. Pushes only with a pull request number. */
export async function buildForReview(request: BuildRequest, context: SessionContext): Promise<BuildDocument> {
  const startedAt = performance.now();
  const described = await openDescription(context.directory, { ...request, sources: "chosen" });
  const services =
    request.since === undefined
      ? described.services
      : await onlyChangedSince(described, request.since, context);
  const build = { ...described, services, cache: undefined, ...context };
  const { pushPr } = request;
  const known = { services: services.map(({ name }) => name), stack: described.settings.stack };
  const [outcomes, sizes] =
    pushPr === undefined
      ? await buildAndCompare(build, known, context)
      : await withSession({ ...known, sources: "none" }, context, async (session) => {
          const tag = pullRequestTag(session, pushPr);
          const built =
            services.length === 0
              ? []
              : await withPushLogin(session.clients, session.registry, session.signal, (environment) =>
                  buildOnly(build, { tag, registry: session.registry, environment } satisfies PushTo),
                );
          return [built, await releasedSizes(session)] as const;
        });
  return {
    version: 1,
    kind: "build",
    stack: described.settings.stack,
    outcome: outcomes.every(({ outcome }) => outcome === "built") ? "done" : "failed",
    services: outcomes.map((one) => ({
      ...one,
      releasedBytes: "sizes" in sizes ? (sizes.sizes.get(one.service) ?? {}) : {},
    })),
    compared: "sizes" in sizes ? { with: "released" } : { with: "nothing", reason: sizes.reason },
    milliseconds: Math.round(performance.now() - startedAt),
  };
}

/** `pr-12`, if the stack's repositories let it move. */
function pullRequestTag({ settings }: Session, number: string): string {
  if (!/^[1-9]\d{0,9}$/.test(number)) {
    throw new UserError({
      code: "not-a-number",
      where: "--push-pr",
      value: number,
      message: "is not a pull request number",
      fix: "give digits only, such as 12",
    });
  }
  const tag = `pr-${number}`;
  if (tagMovability(settings.repositories)(tag)) return tag;
  throw new UserError({
    code: "immutable-tag",
    where: stackFile(settings.stack),
    key: "slipway:repositories.movingTags",
    value: settings.repositories.movingTags,
    message: `Slipway pushes ${tag} for every commit of the pull request, but this stack's tags are immutable`,
    fix: "add pr-* to it, or push to a stack with mutable tags",
  });
}

/** What a build uses of the registry if it can. */
interface Offered {
  readonly sizes: Sizes;
  /** Registry of the build cache; undefined if the stack has none. */
  readonly login: RegistryLogin | undefined;
  readonly registry: string;
}

/** Builds with the stack's cache and compares sizes with the release, as far as the registry is readable. */
async function buildAndCompare(
  build: BuildOnly,
  selection: Selection,
  context: SessionContext,
): Promise<readonly [readonly BuildOutcome[], Offered | { readonly reason: string }]> {
  if (selection.services.length === 0) return [[], { sizes: new Map(), login: undefined, registry: "" }];
  const offered = await askRegistry(selection, context);
  if ("reason" in offered || offered.login === undefined) return [await buildOnly(build, undefined), offered];
  const repository = `${offered.registry}/${cacheRepositoryName(build.settings)}`;
  const built = await withReadLogin(offered.login, (environment) =>
    buildOnly({ ...build, cache: environment && { repository, environment } }, undefined),
  );
  return [built, offered];
}

/** Opens the registry; returns the reason if there are no credentials or no access. */
async function askRegistry(
  selection: Selection,
  context: SessionContext,
): Promise<Offered | { readonly reason: string }> {
  try {
    return await withSession({ ...selection, sources: "none" }, context, async (session) => {
      const { clients, registry, settings, signal } = session;
      const { sizes } = await releasedSizes(session);
      const hasCache = settings.cache.kind === "registry";
      return { sizes, registry, login: hasCache ? await fetchLogin(clients, registry, signal) : undefined };
    });
  } catch (error) {
    context.signal.throwIfAborted();
    const message = error instanceof UserError ? error.problems[0]?.message : (error as Error).message;
    return { reason: `could not access the registry: ${firstLine(message ?? "unknown")}` };
  }
}

/** For each service, the bytes of each platform in the stack's last release. */
async function releasedSizes(session: Session): Promise<{ readonly sizes: Sizes }> {
  const { services, settings, signal } = session;
  const sizes = await pMap(
    services,
    async (service) => [service.name, await sizesOf(session, service)] as const,
    { concurrency: 8, signal },
  );
  return { sizes: new Map(sizes.map(([name, known]) => [name, known ?? {}])) };

  async function sizesOf({ clients }: Session, service: Service) {
    const repository = repositoryName(settings, service);
    const head = await readNewestRecord(clients, repository, settings.stack, signal);
    if (head === undefined) return undefined;
    const known = await pMap(Object.entries(head.record.image.manifests), async ([platform, imageDigest]) => {
      const stored = await getManifest(clients, repository, { imageDigest }, signal);
      const manifest = stored && parseStored(repository, stored);
      return manifest?.kind === "image" ? [[platform, manifest.bytes] as const] : [];
    });
    return Object.fromEntries(known.flat());
  }
}
