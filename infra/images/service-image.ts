import { relative } from "node:path";
import type { types } from "@pulumi/docker-build";
import { Image } from "@pulumi/docker-build/image.js";
import { Index } from "@pulumi/docker-build/index_.js";
import * as pulumi from "@pulumi/pulumi";
import { buildArguments } from "../../builder/options.ts";
import type { Service } from "../../config/catalogue/catalogue.ts";
import {
  isStaged,
  layoutContext,
  layoutOfContext,
  serviceOfContext,
} from "../../config/catalogue/contexts.ts";
import { neededBy } from "../../config/description/needs.ts";
import { cacheTag, imageResourceName, sourceTag } from "../../config/names.ts";
import type { BaseImage } from "./base-image.ts";
import type { ImagePlan } from "./builds.ts";
import type { RecordedImage } from "./recorded-images.ts";
import type { KnownImage } from "./registry-images.ts";

export interface ServiceImageArgs {
  readonly service: Service;
  readonly sourceHash: string;
  readonly plan: ImagePlan;
  /** `<registry>/<name>` of the service's repository. */
  readonly repositoryUrl: pulumi.Output<string>;
  /** `<registry>/<name>` of the cache's repository; undefined: no cache in the registry. */
  readonly cacheUrl: pulumi.Output<string> | undefined;
  /** What must be there before a build begins: the repositories, if the run declares them. */
  readonly after: readonly pulumi.Resource[];
  /** Name of the buildx builder; undefined: the machine's current one. */
  readonly builder: string | undefined;
  readonly credentials: types.input.RegistryArgs;
  /** Registry that `${registry}` stands for in the references of replaced base images. */
  readonly registry: pulumi.Output<string>;
  /** OCI labels. A changed label causes a rebuild, so they have constant values only. */
  readonly labels: Readonly<Record<string, string>>;
  /** Images of other services by name; those that this one is built from are among them. */
  readonly bases: ReadonlyMap<string, BaseImage>;
}

/** A service's image in the registry. */
export interface BuiltImage {
  /** `<registry>/<repository>:src-<hash>@<digest>` of the index; undefined: there is none. */
  readonly ref: pulumi.Output<string | undefined>;
  /** Platform → digest of that platform's manifest. */
  readonly manifests: Readonly<Record<string, pulumi.Output<string>>>;
}

type Build = Extract<ImagePlan, { kind: "build" }>;

/** A new value for each run: a declared image is missing in the registry, even if Pulumi's state has it. */
const replacementTrigger = new Date().toISOString();

/**
 * A service's image: one build for each platform, pushed by digest, then the index that joins them
 * under the tag of the source hash. A half-done push leaves untagged manifests that block nothing.
 *
 * The resources are declared in the runs that build, and in no other: an image that the registry has
 * needs none. What Pulumi manages of it from the run that built it is let go: read under the very id it
 * has, which for Pulumi is no change ("relinquish", pulumi/pkg/resource/deploy/step_generator.go), and
 * from then on not declared at all, which is none either. (To keep it declared and unchanged is not
 * possible: docker-build compares the context on the disk with the one that was built last, whatever
 * `ignoreChanges` says, and that may be another source, from another machine.)
 *
 * Nothing is ever deleted by it: what is pushed belongs to the repository's lifecycle policy.
 * Costs nothing beyond what the registry stores.
 */
export class ServiceImage extends pulumi.ComponentResource implements BuiltImage {
  readonly ref: pulumi.Output<string | undefined>;
  readonly manifests: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(args: ServiceImageArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("slipway:index:ServiceImage", args.service.name, {}, options);
    const { plan } = args;
    if (plan.kind === "found" && plan.recorded !== undefined) this.letGo(args, plan.recorded);
    const { ref, manifests } = plan.kind === "build" ? this.declareBuild(args, plan) : outputsOf(plan.image);
    this.ref = ref;
    this.manifests = manifests;
    this.registerOutputs({ ref, manifests });
  }

  private declareBuild(args: ServiceImageArgs, plan: Build): BuiltImage {
    const { service, repositoryUrl } = args;
    const once = {
      parent: this,
      retainOnDelete: true,
      dependsOn: [...args.after],
      // Replaced and never updated in place: an Image's id stays the digest it has pushed.
      replacementTrigger,
      replaceOnChanges: ["*"],
    };
    const before = [...args.after, ...neededBy(service).flatMap((name) => args.bases.get(name)?.after ?? [])];
    const images = service.platforms.map((platform) => ({
      platform,
      digest: new Image(imageResourceName(service.name, platform), this.build(args, plan, platform), {
        ...once,
        dependsOn: before,
      }).digest,
    }));
    const index = new Index(
      service.name,
      {
        tag: pulumi.interpolate`${repositoryUrl}:${sourceTag(args.sourceHash)}`,
        sources: images.map(({ digest }) => pulumi.interpolate`${repositoryUrl}@${digest}`),
        push: true,
        registry: args.credentials,
      },
      once,
    );
    return {
      ref: index.ref,
      manifests: Object.fromEntries(images.map(({ platform, digest }) => [platform, digest])),
    };
  }

  private letGo({ service }: ServiceImageArgs, recorded: RecordedImage): void {
    for (const [name, id] of Object.entries(recorded.images)) Image.get(name, id, { parent: this });
    if (!recorded.index) return;
    // Not pushed, so that the provider does not ask a registry that this resource has no credentials for.
    const unasked = { tag: service.name, sources: [], push: false };
    Index.get(service.name, service.name, {
      parent: this,
      transformations: [({ opts }) => ({ props: unasked, opts })],
    });
  }

  private build(args: ServiceImageArgs, { staged, secrets }: Build, platform: string) {
    const { service, repositoryUrl, cacheUrl } = args;
    const tag = cacheTag(service.name, platform);
    return {
      platforms: [platform as types.enums.Platform],
      context: {
        location: fromHere(staged.context),
        named: namedContexts(args, staged),
      },
      dockerfile: { location: fromHere(staged.dockerfile) },
      ...(service.stage !== undefined && { target: service.stage }),
      buildArgs: buildArguments(service),
      secrets: pulumi.secret({ ...secrets }),
      // A rotated token does not cause a build: only the ids of secrets are part of the source.
      ignoreSecretsInDiffCalculation: Object.keys(secrets),
      labels: { ...args.labels },
      exports: [
        {
          registry: {
            names: [repositoryUrl],
            push: true,
            pushByDigest: true,
            ociMediaTypes: true,
          },
        },
      ],
      push: false,
      // Never built, not even pulled, unless something that is part of the source has changed.
      buildOnPreview: false,
      pull: false,
      registries: [args.credentials],
      ...(args.builder !== undefined && { builder: { name: args.builder } }),
      ...(cacheUrl !== undefined && {
        cacheFrom: [{ registry: { ref: pulumi.interpolate`${cacheUrl}:${tag}` } }],
        cacheTo: [
          {
            registry: {
              ref: pulumi.interpolate`${cacheUrl}:${tag}`,
              mode: "max" as const,
              // What ECR takes as a cache; a lost cache must not lose the build.
              imageManifest: true,
              ociMediaTypes: true,
              ignoreError: true,
            },
          },
        ],
      }),
    };
  }
}

function outputsOf(image: KnownImage | undefined): BuiltImage {
  return {
    ref: pulumi.output(image?.ref),
    manifests: Object.fromEntries(
      Object.entries(image?.manifests ?? {}).map(([platform, digest]) => [platform, pulumi.output(digest)]),
    ),
  };
}

/**
 * Makes a path relative to where the program and the provider run: an absolute path would differ between
 * machines and cause a rebuild.
 */
function fromHere(path: string): string {
  return relative(process.cwd(), path) || ".";
}

/** A staged directory or OCI layout, relative as `fromHere` has it. */
function stagedFromHere(location: string): string {
  const layout = layoutOfContext(location);
  if (layout === undefined) return fromHere(location);
  return layoutContext({ ...layout, folder: fromHere(layout.folder) });
}

/** The named contexts: staged directories, what a service refers to, images of other services, and what replaces base images. */
function namedContexts({ service, bases, registry }: ServiceImageArgs, staged: Build["staged"]) {
  const others = Object.entries(staged.contexts).map(([name, location]) => {
    const own = service.contexts[name];
    if (own !== undefined) return [name, isStaged(own) ? stagedFromHere(location) : own] as const;
    const image = registry.apply((host) => `docker-image://${location.replaceAll("${registry}", host)}`);
    return [name, image] as const;
  });
  const images = Object.entries(service.contexts).flatMap(([name, location]) => {
    const base = bases.get(serviceOfContext(location) ?? "");
    return base === undefined ? [] : [[name, pulumi.interpolate`docker-image://${base.reference}`] as const];
  });
  return Object.fromEntries([...others, ...images].map(([name, location]) => [name, { location }]));
}
