import type { ExistingService, Found, WrittenTarget } from "./found.ts";
import { serviceName } from "./names.ts";

/** A container of an ECS service, as it runs. */
export interface LiveContainer {
  readonly cluster: string;
  readonly service: string;
  readonly container: string;
  readonly image: string;
  readonly architecture: Architecture;
}

/** A Lambda function that runs an image. */
export interface LiveFunction {
  readonly function: string;
  readonly image: string;
  readonly architecture: Architecture;
  readonly aliases: readonly string[];
}

export type Architecture = "amd64" | "arm64";

export interface Live {
  readonly containers: readonly LiveContainer[];
  readonly functions: readonly LiveFunction[];
}

interface Candidate {
  readonly title: string;
  /** One target takes one service. */
  readonly place: string;
  readonly image: string;
  /** Its names, most reliable first. */
  readonly names: readonly string[];
  readonly architecture: Architecture;
  readonly target: (service: string) => WrittenTarget;
}

/**
 * The services with what runs them: matched by the name of the image's repository, else by what the
 * container, the ECS service or the function is called, with or without the stack's name in it.
 */
export function matchLive(found: Found, live: Live, stack: string): Found {
  const candidates = [
    ...live.containers.map((one) => containerCandidate(one, stack)),
    ...live.functions.map((one) => functionCandidate(one, stack)),
  ];
  const pairs = candidates
    .flatMap((candidate) => {
      const best = found.services
        .map((service) => ({ service, candidate, rank: rankOf(service, candidate) }))
        .filter(({ rank }) => rank >= 0)
        .sort((a, b) => a.rank - b.rank)[0];
      return best === undefined ? [] : [best];
    })
    .sort((a, b) => a.rank - b.rank);
  const taken = pairs.filter(
    ({ candidate }, index) => pairs.findIndex((other) => other.candidate.place === candidate.place) === index,
  );
  const places = new Set(taken.map(({ candidate }) => candidate.place));
  const strangers = candidates.filter(({ place }) => !places.has(place));
  return {
    services: found.services.map((service) =>
      withTargets(
        service,
        taken.filter((pair) => pair.service === service).map(({ candidate }) => candidate),
      ),
    ),
    notes: [
      ...found.notes,
      ...strangers.map(({ title, image }) => `${title} runs ${image}, which no service here builds`),
    ],
  };
}

function withTargets(service: ExistingService, candidates: readonly Candidate[]): ExistingService {
  if (candidates.length === 0) return service;
  const platforms =
    service.platforms ?? [...new Set(candidates.map(({ architecture }) => `linux/${architecture}`))].sort();
  return { ...service, platforms, targets: candidates.map(({ target }) => target(service.name)) };
}

function rankOf(service: ExistingService, { names }: Candidate): number {
  const own = [service.name, ...service.aliases.map(serviceName)];
  return names.findIndex((name) => own.includes(name));
}

function containerCandidate(one: LiveContainer, stack: string): Candidate {
  return {
    title: `ECS service ${one.cluster}/${one.service}`,
    place: `ecs ${one.cluster}/${one.service}`,
    image: one.image,
    names: [repositoryBase(one.image), one.container, one.service, without(stack, one.service)].map(
      serviceName,
    ),
    architecture: one.architecture,
    target: (service) => ({
      kind: "ecs",
      cluster: forEveryStack(one.cluster, stack),
      service: forEveryStack(one.service, stack),
      ...(one.container !== service && { container: forEveryStack(one.container, stack) }),
    }),
  };
}

function functionCandidate(one: LiveFunction, stack: string): Candidate {
  const [alias, ...others] = one.aliases;
  return {
    title: `Lambda function ${one.function}`,
    place: `lambda ${one.function}`,
    image: one.image,
    names: [repositoryBase(one.image), one.function, without(stack, one.function)].map(serviceName),
    architecture: one.architecture,
    target: () => ({
      kind: "lambda",
      function: forEveryStack(one.function, stack),
      // Of several nobody can tell which one callers use: the default then, which a note in the file
      // explains.
      ...(alias !== undefined && others.length === 0 && alias !== "live" && { alias }),
    }),
  };
}

/** `ui` of `111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop/ui@sha256:…`. */
export function repositoryBase(image: string): string {
  const name = image.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  return name.split("/").at(-1) ?? name;
}

const edge = "(^|[-_/.])";

/** The name without the stack's name: `ui` of `ui-dev`. */
function without(stack: string, name: string): string {
  return name.replace(stackIn(stack), (_, before: string, after: string) => (before && after ? before : ""));
}

/** The name with a placeholder for the stack: `shop-${stack}` of `shop-dev`. */
export function forEveryStack(name: string, stack: string): string {
  return name.replace(stackIn(stack), (_, before: string, after: string) => `${before}\${stack}${after}`);
}

function stackIn(stack: string): RegExp {
  const literal = stack.replaceAll(/[\\^$.|?+()[\]{}*]/g, "\\$&");
  return new RegExp(`${edge}${literal}($|[-_/.])`);
}
