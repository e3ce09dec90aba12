import * as pulumi from "@pulumi/pulumi";
import { ensureBuilder } from "../../builder/builder.ts";
import type { Service } from "../../config/catalogue/catalogue.ts";
import type { StackDescription } from "../../config/description/description.ts";
import { servicesVariable } from "../../config/names.ts";
import { UserError } from "../../config/problems/errors.ts";
import type { Source } from "../../source/hash.ts";
import { type StagedContext, stageContext } from "../../source/stage.ts";
import { readBuildSecrets } from "./build-secrets.ts";
import type { RecordedImage } from "./recorded-images.ts";
import type { KnownImage } from "./registry-images.ts";

/** What this run does with a service's image. */
export type ImagePlan =
  | {
      /** The run builds it: the registry does not have it, or the command selects it. */
      readonly kind: "build";
      readonly staged: StagedContext;
      /** Secret id → value. */
      readonly secrets: Readonly<Record<string, string>>;
    }
  | {
      /** The registry has it, so nothing is built, regardless of the machine and stack that built it. */
      readonly kind: "found";
      readonly image: KnownImage;
      /** What Pulumi's state still manages of it. */
      readonly recorded: RecordedImage | undefined;
    }
  | {
      /** The command leaves it out. */
      readonly kind: "left";
      /**
       * The image of its source if the registry has it, otherwise the previous one; undefined if it was never
       * built.
       */
      readonly image: KnownImage | undefined;
    };

/** What is to be done with a service's image, before anything is staged. */
export type Decision = "build" | Exclude<ImagePlan, { kind: "build" }>;

/** A source, and what is to be done with its image. */
export interface DecidedSource {
  readonly source: Source;
  readonly decision: Decision;
}

export interface PreparedBuild {
  readonly service: Service;
  readonly sourceHash: string;
  readonly plan: ImagePlan;
}

/**
 * Stages the contexts of the images to build, reads their secrets, and creates the builder if something is to
 * be built.
 *
 * @throws UserError
 */
export async function prepareBuilds(
  { directory, settings }: StackDescription,
  decided: readonly DecidedSource[],
): Promise<readonly PreparedBuild[]> {
  const toBuild = decided.flatMap(({ source, decision }) =>
    decision === "build" ? [source.inputs.service] : [],
  );
  const secrets = readBuildSecrets(toBuild, process.env);
  const builds = await Promise.all(
    decided.map(async ({ source, decision }) => {
      const { service } = source.inputs;
      const build = async (): Promise<ImagePlan> => ({
        kind: "build",
        staged: await stageContext(directory, source),
        secrets: secrets[service.name] ?? {},
      });
      const plan = decision === "build" ? await build() : decision;
      return { service, sourceHash: source.hash, plan };
    }),
  );
  if (toBuild.length > 0 && !pulumi.runtime.isDryRun()) {
    await ensureBuilder(settings.builder, settings.stack);
  }
  return builds;
}

/** Names of the services that the command builds; undefined: the engine was started by hand. */
export function chosenServices(): readonly string[] | undefined {
  return process.env[servicesVariable]?.split(",");
}

/** The images to build, and then the others; each still after what it needs. */
export function builtFirst(builds: readonly PreparedBuild[]): readonly PreparedBuild[] {
  const isBuilt = ({ plan }: PreparedBuild) => plan.kind === "build";
  return [...builds.filter(isBuilt), ...builds.filter((build) => !isBuilt(build))];
}

/** Runs `work`, and turns what a user can mend into an error that the engine prints without a stack. */
export async function withPlainErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) throw new pulumi.RunError(error.message);
    throw error;
  }
}
