import type { Catalogue } from "../catalogue/catalogue.ts";
import { cacheRepositoryName, ownMovingTags, referrersTags, repositoryName } from "../names.ts";
import type { Problem } from "../problems/errors.ts";
import type { Settings } from "../settings.ts";
import { immovableFormats, tagFormats } from "../stack/tags.ts";
import { catalogueFile, type StackDescription, stackFile } from "./description.ts";
import { sameTargetProblems } from "./same-target.ts";
import { selectionProblems } from "./selection.ts";
import { targetProblems } from "./target-problems.ts";

/** ECR's limits: exclusion filters per repository, and wildcards per filter. */
const maximumFilters = 5;
const maximumFilterWildcards = 2;

/**
 * Problems of a stack's settings in combination: what AWS would refuse, and contradictions.
 *
 * @param whole the catalogue with all services, of which the description has the stack's part
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
 */
export function checkStack(
  description: StackDescription,
  whole: Catalogue = description.catalogue,
): Problem[] {
  const { catalogue, settings } = description;
  return [
    ...selectionProblems(whole, catalogue, settings),
    ...movingTagProblems(settings.repositories.movingTags, stackFile(settings.stack)),
    ...immovableTagProblems(settings),
    ...reservedTagProblems(settings),
    ...repositoryNameProblems(description),
    ...sameRepositoryProblems(
      whole.services.map((service) => ({
        key: `services.${service.name}${service.repository === undefined ? "" : ".repository"}`,
        service: service.name,
        repository: repositoryName(settings, service),
      })),
    ),
    ...targetProblems(description),
    ...sameTargetProblems(whole.services, catalogue.leftOut),
    ...(settings.scanning.lambda && settings.scanning.mode === "basic"
      ? [
          {
            code: "contradicting-settings",
            where: stackFile(settings.stack),
            key: "slipway:scanning.lambda",
            value: true,
            message: "only enhanced scanning scans functions, but mode is basic",
            fix: "set mode: enhanced, or remove lambda",
          } satisfies Problem,
        ]
      : []),
    ...scanFilterProblems(settings.scanning, stackFile(settings.stack)),
  ];
}

/** Filters that a basic scan does not have, and settings of the registry on a stack that leaves it alone. */
function scanFilterProblems(
  { mode, manageRegistry, filters, rescan, pullTimeExclusions }: Settings["scanning"],
  where: string,
): Problem[] {
  const continuous = filters?.continuous ?? [];
  const unmanaged = [
    ...(filters === undefined ? [] : ["filters"]),
    ...(rescan === undefined ? [] : ["rescan"]),
    ...(pullTimeExclusions.length === 0 ? [] : ["pullTimeExclusions"]),
  ];
  return [
    ...(mode === "basic" && continuous.length > 0
      ? [
          {
            code: "contradicting-settings",
            where,
            key: "slipway:scanning.filters.continuous",
            value: continuous.join(", "),
            message: "only enhanced scanning scans again, but mode is basic",
            fix: "set mode: enhanced, or use onPush",
          } satisfies Problem,
        ]
      : []),
    ...(mode === "basic" && rescan !== undefined
      ? [
          {
            code: "contradicting-settings",
            where,
            key: "slipway:scanning.rescan",
            message: "only enhanced scanning scans again, but mode is basic",
            fix: "set mode: enhanced, or remove rescan",
          } satisfies Problem,
        ]
      : []),
    ...(manageRegistry
      ? []
      : unmanaged.map(
          (key): Problem => ({
            code: "contradicting-settings",
            where,
            key: `slipway:scanning.${key}`,
            message:
              "is a setting of the whole registry, which this stack does not manage (manageRegistry: false)",
            fix: "move it to the stack that manages the registry, or set manageRegistry: true",
          }),
        )),
  ];
}

function movingTagProblems(movingTags: readonly string[], where: string): Problem[] {
  const key = "slipway:repositories.movingTags";
  const room = maximumFilters - ownMovingTags.length;
  const refused = movingTags.flatMap((filter, index): Problem[] => {
    if (isFilter(filter)) return [];
    return [
      {
        code: "refused-by-ecr",
        where,
        key: `${key}[${index}]`,
        value: filter,
        message: `is not a filter that ECR accepts: letters, digits, . _ - and at most ${maximumFilterWildcards} *`,
        fix: "write a simpler filter, such as *latest",
      },
    ];
  });
  if (movingTags.length <= room) return refused;
  return [
    ...refused,
    {
      code: "refused-by-ecr",
      where,
      key,
      value: movingTags,
      message: `has ${movingTags.length} filters; ECR allows ${maximumFilters}, including Slipway's own ${ownMovingTags.join(", ")}`,
      fix: `keep at most ${room} of them`,
    },
  ];
}

/** Whether ECR takes a text as a filter of tags. */
function isFilter(filter: string): boolean {
  return /^[0-9A-Za-z._*-]{1,128}$/.test(filter) && filter.split("*").length - 1 <= maximumFilterWildcards;
}

/** Moving tags of the strategy that immutable repositories would not let move. */
function immovableTagProblems({ repositories, tags, stack }: Settings): Problem[] {
  if (repositories.tagMutability === "mutable") return [];
  const immovable = immovableFormats(tagFormats(tags), repositories.movingTags, stack);
  return [...new Set(immovable)].map((format) => {
    const filter = format.replaceAll("{stack}", stack).replaceAll(/\{[^{}]*\}/g, "*");
    // A short version can't be told from a whole one by ECR's wildcards.
    const cannotBe = /\{(major|minor)\}/.test(format) || /^\*+$/.test(filter);
    const canAdd = isFilter(filter) && repositories.movingTags.length < maximumFilters - ownMovingTags.length;
    return {
      code: "immovable-tag",
      where: stackFile(stack),
      key: "slipway:tags",
      value: format,
      message: "moves from image to image, but the stack's repositories do not let this tag move",
      fix: cannotBe
        ? "remove it, because any filter for it would also let versions move; or set tagMutability: mutable"
        : canAdd
          ? `add "${filter}" to slipway:repositories.movingTags, or remove it`
          : "remove it, or set tagMutability: mutable",
    };
  });
}

/** Tags that would conflict with Slipway's own, or with those that list an image's referrers. */
function reservedTagProblems({ tags, stack }: Settings): Problem[] {
  const reserved = [...ownMovingTags, referrersTags];
  return tagFormats(tags).flatMap(({ format }) => {
    const written = format.replaceAll("{stack}", stack);
    const taken = reserved.find((pattern) => written.startsWith(pattern.replace("*", "")));
    if (taken === undefined) return [];
    return [
      {
        code: "reserved-tag",
        where: stackFile(stack),
        key: "slipway:tags",
        value: format,
        message: `makes tags that Slipway reserves (${taken})`,
        fix: "use another prefix for the tag",
      },
    ];
  });
}

/** ECR takes names of 2 to 256 characters; the schemas hold the characters. */
function repositoryNameProblems({ catalogue, settings }: StackDescription): Problem[] {
  const { prefix } = settings.repositories;
  const cache = settings.cache.kind === "registry" ? cacheRepositoryName(settings) : "none";
  return [
    ...catalogue.services.flatMap((service): Problem[] => {
      const name = repositoryName(settings, service);
      if (name.length >= 2 && name.length <= 256) return [];
      return [
        {
          code: "refused-by-ecr",
          where: catalogueFile,
          key: `services.${service.name}${service.repository === undefined ? "" : ".repository"}`,
          value: name,
          message: `as a repository's name has ${name.length} character${name.length === 1 ? "" : "s"}; ECR takes 2 to 256`,
          fix: "give the service a repository, or change slipway:repositories.prefix",
        },
      ];
    }),
    ...(cache.length <= 256
      ? []
      : [
          {
            code: "refused-by-ecr" as const,
            where: stackFile(settings.stack),
            key: "slipway:repositories.prefix",
            ...(prefix === undefined ? {} : { value: prefix }),
            message: `makes a name of ${cache.length} characters for the build cache's repository; ECR takes 256`,
            fix: `shorten it by ${cache.length - 256}`,
          },
        ]),
  ];
}

function sameRepositoryProblems(
  services: readonly { readonly key: string; readonly service: string; readonly repository: string }[],
): Problem[] {
  const firsts = new Map<string, string>();
  return services.flatMap(({ key, service, repository }) => {
    const first = firsts.get(repository);
    if (first === undefined) {
      firsts.set(repository, service);
      return [];
    }
    return [
      {
        code: "same-repository",
        where: catalogueFile,
        key,
        value: repository,
        message: `is also the repository of ${first}`,
        fix: "give each service its own repository",
      },
    ];
  });
}
