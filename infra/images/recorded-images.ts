import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Service } from "../../config/catalogue/catalogue.ts";
import { imageResourceName } from "../../config/names.ts";
import type { KnownImage } from "./registry-images.ts";

/** What the stack's state says of a service's image. */
export interface RecordedImage {
  /** The image in the outputs of the previous run. */
  readonly known: KnownImage | undefined;
  /** Image resources that Pulumi manages: name → id. */
  readonly images: Readonly<Record<string, string>>;
  /** Whether Pulumi manages the Index resource. */
  readonly index: boolean;
}

const resourcesSchema = z.record(z.string(), z.object({ type: z.string(), outputs: z.unknown() }));

type Resources = z.output<typeof resourcesSchema>;

/** What the stack's state says. */
export interface Recorded {
  /** By service. */
  readonly images: ReadonlyMap<string, RecordedImage>;
  /** The lifecycle policy of each repository that the stack has, by its name; undefined where it has none. */
  readonly policies: ReadonlyMap<string, string | undefined>;
}

/**
 * Reads this stack's own state before the run changes it. It uses the call behind `pulumi.StackReference`,
 * which reads the state and takes no lock. The state has secrets in plain text, so only the parts about
 * images and lifecycle policies leave this file.
 */
export async function readRecorded(services: readonly Service[]): Promise<Recorded> {
  const answer: unknown = await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {
    stackName: ownStack(),
  });
  const { outputs } = z.object({ outputs: z.unknown() }).parse(answer);
  const resources = resourcesSchema.parse(plain(outputs));
  return {
    images: recordedImages(resources, services),
    policies: recordedPolicies(resources),
  };
}

const repositorySchema = z.object({ name: z.string() });
const policySchema = z.object({ repository: z.string(), policy: z.string() });

/** The lifecycle policies of the state, by repository. */
export function recordedPolicies(resources: Resources): ReadonlyMap<string, string | undefined> {
  const policies = new Map<string, string | undefined>();
  for (const { type, outputs } of Object.values(resources)) {
    if (type === "aws:ecr/repository:Repository") {
      const { data } = repositorySchema.safeParse(plain(outputs));
      if (data !== undefined && !policies.has(data.name)) policies.set(data.name, undefined);
    }
    if (type === "aws:ecr/lifecyclePolicy:LifecyclePolicy") {
      const { data } = policySchema.safeParse(plain(outputs));
      if (data !== undefined) policies.set(data.repository, data.policy);
    }
  }
  return policies;
}

/** The outputs of this stack's previous run. No lock is taken, and no provider starts. */
export async function readOwnOutputs(): Promise<unknown> {
  const answer: unknown = await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name: ownStack() });
  return plain(z.object({ outputs: z.unknown() }).parse(answer).outputs);
}

/** A self-managed backend has one organization, and older ones do not accept a full name. */
function ownStack(): string {
  const organization = pulumi.getOrganization();
  if (organization === "organization") return pulumi.getStack();
  return `${organization}/${pulumi.getProject()}/${pulumi.getStack()}`;
}

function plain(value: unknown): unknown {
  return pulumi.runtime.isRpcSecret(value) ? pulumi.runtime.unwrapRpcSecret(value) : value;
}

const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const knownSchema = z.object({ ref: z.string(), manifests: z.record(z.string(), digestSchema) });
const managedImageSchema = z.object({ contextHash: z.string().min(1), digest: digestSchema });
const managedIndexSchema = z.object({ sources: z.array(z.unknown()).min(1) });

/**
 * What a state says of the images of services.
 *
 * @param resources by URN
 */
export function recordedImages(
  resources: Resources,
  services: readonly Service[],
): ReadonlyMap<string, RecordedImage> {
  const ofImages = new Map<string, unknown>();
  for (const [urn, { type, outputs }] of Object.entries(resources)) {
    // The first of a name, as a state may hold another that is still to be deleted.
    const key = `${type}::${urn.slice(urn.lastIndexOf("::") + 2)}`;
    if (imageTypes.includes(type) && !ofImages.has(key)) ofImages.set(key, outputs);
  }
  const outputsOf = (type: string, resource: string) => plain(ofImages.get(`${type}::${resource}`));
  return new Map(services.map((service) => [service.name, recordedImage(outputsOf, service)]));
}

const imageTypes = ["docker-build:index:Image", "docker-build:index:Index", "slipway:index:ServiceImage"];

/**
 * One service's part of the state. An Image's id is the digest that its creation pushed, and every build
 * creates one: ServiceImage sees to that. What was only read (see ServiceImage) has neither a context hash nor
 * sources.
 */
function recordedImage(
  outputsOf: (type: string, resource: string) => unknown,
  { name, platforms }: Service,
): RecordedImage {
  const images = platforms.flatMap((platform) => {
    const resource = imageResourceName(name, platform);
    const { success, data } = managedImageSchema.safeParse(outputsOf("docker-build:index:Image", resource));
    return success ? [[resource, data.digest] as const] : [];
  });
  return {
    known: knownSchema.safeParse(outputsOf("slipway:index:ServiceImage", name)).data,
    images: Object.fromEntries(images),
    index: managedIndexSchema.safeParse(outputsOf("docker-build:index:Index", name)).success,
  };
}
