import type { SourceReference } from "../../config/names.ts";
import { isAbort } from "../../config/problems/abort.ts";
import { UserError } from "../../config/problems/errors.ts";
import { firstLine } from "../../config/problems/first-line.ts";
import { baseReferences, digestsOfBases } from "../bases/base-images.ts";
import { writeSource } from "../bases/source-record.ts";
import type { ComparedService } from "../plan/compare.ts";
import { connectToRegistry } from "../registry/connection.ts";
import { type Image, onlyPlatform, shortDigest } from "../registry/image.ts";
import { fetchLogin } from "../registry/login.ts";
import { findImagesBySource } from "../registry/lookup.ts";
import { verifyImage } from "../registry/verify-image.ts";
import { runStep, type Step } from "../report/events.ts";
import type { Session } from "../session/session.ts";
import type { OnPushed } from "../stack/engine-events.ts";

/** A service whose image is in the registry. */
export interface Built {
  readonly image: Image;
  /** Whether this run built it. */
  readonly built: boolean;
}

/**
 * Builds and pushes the images that the registry lacks, through the Pulumi stack, and reads them back. The
 * engine does not start if there is nothing to build.
 *
 * @param onBuilt told of each service whose image is in the registry, while others are still being built
 * @throws UserError when a build or a push fails, or when the registry has something else
 */
export async function buildMissing<S extends ComparedService>(
  session: Session,
  services: readonly S[],
  onBuilt: (one: S & Built) => void = () => {},
): Promise<readonly (S & Built)[]> {
  const missing = services.filter(({ image }) => image === undefined);
  if (missing.length === 0) return services.map((one) => ({ ...one, image: imageOf(one), built: false }));
  const images = await session.timeline.run({ id: "build", title: "Build and push" }, (step) =>
    buildAll(session, missing, step, (one, image) => onBuilt({ ...one, image, built: true })),
  );
  return services.map((one) => {
    const image = images.get(one.service.name);
    return image === undefined
      ? { ...one, image: imageOf(one), built: false }
      : { ...one, image, built: true };
  });
}

function imageOf({ service, image }: ComparedService): Image {
  if (image === undefined) throw new Error(`${service.name} was not built`);
  return image;
}

/** Builds services, and returns their images by name as the registry has them. */
async function buildAll<S extends ComparedService>(
  session: Session,
  missing: readonly S[],
  step: Step,
  onBuilt: (one: S, image: Image) => void,
): Promise<ReadonlyMap<string, Image>> {
  const { emit, signal, clients } = session;
  // The Automation API loads gRPC and the whole SDK: a third of a second that only a build needs.
  const { loadUnusedLater } = await import("../../pulumi-sdk/load-later.ts");
  loadUnusedLater();
  const { updateStack } = await import("../stack/update.ts");
  const names = [...new Set(missing.flatMap(({ service, missingBases }) => [...missingBases, service.name]))];
  // Runs in parallel to the build, so a slow registry costs no time.
  const bases = basesOf(session, missing);
  const login = async () => (await fetchLogin(clients, session.registry, signal)).auth;
  const readBack = (one: S, pushed: SourceReference | undefined) => {
    const { service } = one;
    const id = `verify ${service.name}`;
    return runStep(emit, { id, title: id, parent: step.id }, async ({ conclude }) => {
      const [found] = await findImagesBySource(clients, [locationOf(one)], signal);
      const image = agreedImage(one, found, pushed);
      const platforms = await verifyImage(clients, image, service.platforms, signal);
      await keepSource(session, image, one, await bases);
      conclude("done", `${shortDigest(image.digest)}, ${platforms.length} platforms`);
      onBuilt(one, image);
      return [service.name, image] as const;
    });
  };
  // Also of an attempt that failed later: the next one does not push the same image again, and tells nothing of it.
  const early = new Map<string, ReturnType<typeof readBack>>();
  const onPushed: OnPushed = (name, pushed) => {
    const one = missing.find(({ service }) => service.name === name);
    if (one === undefined || early.has(name)) return;
    const reading = readBack(one, pushed);
    reading.catch(() => {});
    early.set(name, reading);
  };
  try {
    const update = { chosen: names, fetchLogin: login, onPushed };
    const pushed = await updateStack(session, update, { emit, signal, step: step.id });
    const rest = missing.filter(({ service }) => !early.has(service.name));
    const late = rest.map((one) => readBack(one, pushed.get(one.service.name)));
    return new Map(await Promise.all([...early.values(), ...late]));
  } finally {
    await Promise.allSettled(early.values());
  }
}

/** Digests of the services' base images; each registry request runs once. Never rejects. */
async function basesOf(
  session: Session,
  services: readonly ComparedService[],
): Promise<Readonly<Record<string, string>>> {
  const all = services.map(({ description }) => baseReferences(description, session.registry));
  return digestsOfBases(Object.assign({}, ...all), session).catch(() => ({}));
}

/** Stores the source description with the image, for `slipway why`. The image is complete without it. */
async function keepSource(
  { clients, registry, signal, emit }: Session,
  image: Image,
  { source, description }: ComparedService,
  bases: Readonly<Record<string, string>>,
): Promise<void> {
  const own = Object.keys(baseReferences(description, registry));
  try {
    await writeSource(clients, connectToRegistry(clients, registry, signal), image, {
      hash: source.hash,
      description,
      bases: Object.fromEntries(Object.entries(bases).filter(([name]) => own.includes(name))),
    });
  } catch (error) {
    if (isAbort(error)) throw error;
    emit({
      kind: "warning",
      code: "source-not-kept",
      message: `could not store the source description of ${image.service} with its image: ${firstLine(error)}`,
      fix: "the image itself is complete; only slipway why can't explain it",
    });
  }
}

function locationOf({ service, repository, registry, source }: ComparedService) {
  const { name, platforms } = service;
  return { service: name, repository, registry, sourceHash: source.hash, ...onlyPlatform(platforms) };
}

/**
 * The image in the registry, provided that the engine says that it pushed this one. They differ when another run built the
 * service in between, or when the source changed during the build.
 *
 * @throws UserError `image-mismatch`
 */
export function agreedImage(
  { service, repository, source }: ComparedService,
  image: Image | undefined,
  pushed: SourceReference | undefined,
): Image {
  if (image !== undefined && pushed?.digest === image.digest) return image;
  const changed = pushed !== undefined && pushed.sourceHash !== source.hash;
  throw new UserError(
    {
      code: "image-mismatch",
      where: repository,
      message: changed
        ? `the source of ${service.name} changed during the build`
        : `the stack reports that it pushed ${pushed?.digest ?? "nothing"} for ${service.name}, but the registry has ${image?.digest ?? "nothing"} for its source`,
      fix: changed
        ? "run it again"
        : "run the command again; if the problem persists, check with slipway doctor where images are pushed",
    },
    { exitCode: 1 },
  );
}
