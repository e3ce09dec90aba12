import type { Problem } from "../../../config/problems/errors.ts";
import { regionOfRegistry } from "../../../config/stack/partition.ts";
import { lambdaDeclaration } from "../../../config/targets/lambda/kind.ts";
import type { LambdaTarget } from "../../../config/targets/lambda/target.ts";
import { type Image, type PlannedImage, plannedReference } from "../../registry/image.ts";
import type { FieldChange } from "../target.ts";
import { describeSteps } from "./follow/steps.ts";
import {
  describeWeights,
  type FoundAlias,
  type FoundFunction,
  isWeighted,
  type LambdaPlan,
  type LambdaState,
} from "./state.ts";

/** Kind and identity, and the alias that moves: `lambda shop-checkout-dev:live`. */
export function lambdaTitle(target: LambdaTarget): string {
  return `lambda ${lambdaDeclaration.identity(target)}:${target.alias}`;
}

/** What Lambda calls an architecture, as a platform. */
export function platformOf(architecture: string): string {
  return architecture === "arm64" ? "linux/arm64" : "linux/amd64";
}

/**
 * Digest of the one manifest that a function of this architecture runs; undefined when the image has
 * none. Never the index: Lambda refuses it.
 */
export function manifestFor(image: Image, architecture: string): string | undefined {
  return image.manifests[platformOf(architecture)];
}

/** What moving a function to an image changes. */
export function planLambda(
  serviceName: string,
  target: LambdaTarget,
  state: LambdaState,
  image: PlannedImage,
): LambdaPlan {
  const plan = { service: serviceName, target, title: lambdaTitle(target), state };
  if (state.kind === "missing" && target.create === undefined) {
    return { ...plan, action: "none", changes: [], problems: state.problems, notes: [] };
  }
  const architecture = architectureOf(target, state);
  const platform = platformOf(architecture);
  const built = platform in image.manifests;
  const digest = image.manifests[platform];
  const problems = [
    ...packageProblems(target, state),
    ...(state.kind === "found" ? state.problems : []),
    ...(built ? [] : [noManifest(target, architecture, image)]),
    ...regionProblems(target, state.region, image),
  ];
  const changes = built ? changesOf(target, state, plannedReference(image, digest)) : [];
  return {
    ...plan,
    action: changes.length === 0 ? "none" : state.kind === "missing" ? "create" : "update",
    changes,
    problems,
    notes: notesOf(target, state, changes),
  };
}

/** The change of the image, where it is known what ran before. */
export function lambdaImageChange({ changes }: LambdaPlan): FieldChange | undefined {
  return changes.find(({ before }) => before?.includes("@sha256:"));
}

/** `x86_64` or `arm64`: the function's own, or that it will be created with. */
export function architectureOf(target: LambdaTarget, state: LambdaState): string {
  return state.kind === "found" ? state.architecture : (target.create?.architecture ?? "x86_64");
}

function changesOf(target: LambdaTarget, state: LambdaState, after: string): FieldChange[] {
  const alias = state.kind === "found" ? state.alias : undefined;
  const same = sameDigest(alias?.image, after);
  const code =
    alias !== undefined && same && !isWeighted(alias) ? [] : codeChanges(target, state, alias, after);
  return [...code, ...provisionedChanges(target, alias, after)];
}

function codeChanges(
  target: LambdaTarget,
  state: LambdaState,
  alias: FoundAlias | undefined,
  after: string,
): FieldChange[] {
  const same = sameDigest(alias?.image, after);
  return [
    ...(same ? [] : [{ field: "imageUri", before: alias?.image ?? latestOf(state), after }]),
    {
      field: `alias ${target.alias}`,
      before: alias === undefined ? undefined : describeAlias(alias),
      after: same ? `version ${alias?.version}, alone` : "a new version",
    },
  ];
}

/** `version 4`, `version 4, 10 % to version 5`. */
function describeAlias(alias: FoundAlias): string {
  return [`version ${alias.version}`, ...describeWeights(alias.weights)].join(", ");
}

function provisionedChanges(
  target: LambdaTarget,
  alias: FoundAlias | undefined,
  reference: string,
): FieldChange[] {
  const { provisionedConcurrency: wanted } = target;
  if (wanted === undefined) return [];
  const field = "provisionedConcurrency";
  const before = alias?.provisioned === undefined ? undefined : String(alias.provisioned);
  const own = alias?.provisioned === wanted ? [] : [{ field, before, after: String(wanted) }];
  // A version of this image is resumed.
  const left = (alias?.left ?? []).filter(({ image }) => !sameDigest(image, reference));
  return [
    ...own,
    ...left.map(({ version, executions }) => ({
      field: `${field} of version ${version}, which was never used`,
      before: String(executions),
      after: "none",
    })),
  ];
}

function latestOf(state: LambdaState): string | undefined {
  return state.kind === "found" ? state.latest.image : undefined;
}

/** Whether two references have the same digest, under any registry name. */
export function sameDigest(reference: string | undefined, other: string): boolean {
  const digest = digestOf(reference);
  return digest !== undefined && digest === digestOf(other);
}

function digestOf(reference: string | undefined): string | undefined {
  return reference?.includes("@") ? reference.split("@").at(-1) : undefined;
}

function packageProblems(target: LambdaTarget, state: LambdaState): Problem[] {
  if (state.kind !== "found" || state.packageType === "Image") return [];
  return [
    {
      code: "not-an-image-function",
      where: `Lambda function ${target.function}`,
      value: state.packageType,
      message: "the function is a zip package, and Lambda can't turn it into a container image",
      fix: "create a function of package type Image under another name, and point the target to it",
    },
  ];
}

function noManifest(target: LambdaTarget, architecture: string, image: PlannedImage): Problem {
  const platform = platformOf(architecture);
  return {
    code: "platform-mismatch",
    where: `Lambda function ${target.function}`,
    value: platform,
    message: `the function runs on ${architecture}, and the image is built for ${Object.keys(image.manifests).join(", ") || "no known platform"} only`,
    fix: `add ${platform} to the service's platforms in services.yaml, or change the function's architecture`,
  };
}

function regionProblems(target: LambdaTarget, region: string, image: PlannedImage): Problem[] {
  const other = regionOfRegistry(image.registry);
  if (other === undefined || other === region) return [];
  return [
    {
      code: "wrong-region",
      where: `Lambda function ${target.function}`,
      value: image.registry,
      message: `the function is in ${region}, and Lambda takes images from a registry in its own region only`,
      fix: `push to ${region}, or replicate the repository there (slipway:repositories.replication)`,
    },
  ];
}

function notesOf(target: LambdaTarget, state: LambdaState, changes: readonly FieldChange[]): string[] {
  if (state.kind === "missing" || changes.length === 0) return [];
  return [...aliasNotes(target, state), ...shiftNotes(target, state, changes)];
}

function aliasNotes(target: LambdaTarget, { alias }: FoundFunction): string[] {
  if (alias === undefined) return [`the alias ${target.alias} does not exist and will be created`];
  if (!isWeighted(alias)) return [];
  const what = `the alias ${target.alias} shares its invocations with another version`;
  return [
    target.shift === undefined
      ? `${what}; all of them will go to one version`
      : `${what}: a shift to that version continues`,
  ];
}

function shiftNotes(
  { shift, check }: LambdaTarget,
  { alias }: FoundFunction,
  changes: readonly FieldChange[],
) {
  if (shift === undefined || !changes.some(({ field }) => field === "imageUri")) return [];
  if (alias === undefined)
    return ["the first version gets all invocations at once: there is no version to shift from"];
  const watched = shift.alarms.length > 0 || shift.errorsAllowed !== undefined || check !== undefined;
  return [
    `the new version gets ${describeSteps(shift.steps)}`,
    ...(watched
      ? []
      : ["nothing is checked between the steps: the target has no alarms, errorsAllowed or check"]),
  ];
}
