import type { CustomResource, Output, Unwrap } from "@pulumi/pulumi";
import type { AwsContext } from "./context.ts";
import type { PropertyBag, PropertyValue } from "./property.ts";

/** The inputs of a resource as a provider gets them: plain values, names and types from @pulumi/aws. */
export type InputsOf<Args> = Unwrap<Args>;

/** The outputs of a resource of @pulumi/aws as plain values. Every output must be given. */
export type OutputsOf<Resource> = {
  [K in Exclude<keyof Resource, "urn" | "id"> as Resource[K] extends Output<unknown>
    ? K
    : never]: Resource[K] extends Output<infer Value> ? Value : never;
};

/** How a value is compared with another one that may be written differently and mean the same. */
export type Comparison =
  /** A JSON document: white space and the order of keys don't count. */
  | "json"
  /** An IAM policy: as json, and a list of one is its only member. */
  | "policy"
  /** A list whose order doesn't count. */
  | "set"
  /** Anything else: brings both values into one form, filling in what AWS fills in. */
  | ((value: PropertyValue) => PropertyValue);

/** What changing an input does, and how it is compared. */
export interface PropertyRule {
  /** What a change does to the resource, as in the real provider. */
  readonly on: "update" | "replace";
  /** What AWS has when nothing is given. */
  readonly fallback?: PropertyValue;
  /** Without a value, any value of AWS is right. */
  readonly computed?: true;
  readonly compare?: Comparison;
  /** AWS does not know it: it lives in the state only (`forceDelete`). */
  readonly local?: true;
  /** Keys of the object, or of each object of the list; any other is an error. */
  readonly keys?: readonly string[];
}

/** `unsupported`: an error when it is given, so that nothing is silently left out. */
export type InputRule = "update" | "replace" | "unsupported" | PropertyRule;

/** Every input of @pulumi/aws has a rule; one that a new version adds is a compile error until it has. */
export type InputRules<Args> = { readonly [K in keyof Required<Args>]: InputRule };

type KeysWith<Rules, Rule> = { [K in keyof Rules]: Rules[K] extends Rule ? K : never }[keyof Rules];

/**
 * Outputs that `read` need not give: what isn't covered, what is only in the state, and what all types
 * share.
 */
type GivenElsewhere<Rules> =
  | KeysWith<Rules, "unsupported">
  | KeysWith<Rules, { readonly local: true }>
  | "region"
  | "tags";

/** What `read` answers: every output of the resource that comes from AWS. */
export type LiveOutputs<Resource, Rules> = Omit<OutputsOf<Resource>, GivenElsewhere<Rules>>;

/** `stable`: an update never changes it; `changes`: known only after the update. */
export type ComputedRule = "stable" | "changes";

export type ComputedRules<Args, Resource> = {
  readonly [K in Exclude<keyof OutputsOf<Resource>, keyof Args | "tagsAll">]: ComputedRule;
};

/** What a live resource looks like. */
export interface LiveResource<Outputs> {
  /** The identity to keep in the state; an import may name it in another form. */
  readonly id: string;
  readonly outputs: Outputs;
}

export interface ResourceDefinition<Args, Resource, Rules extends InputRules<Args>> {
  /** Pulumi's type token: `aws:ecr/repository:Repository`. */
  readonly token: string;
  readonly inputs: Rules;
  readonly computed: ComputedRules<Args, Resource>;
  /** The property that gets the resource's name and seven random hex digits when it isn't given. */
  readonly autoName?: keyof Args & string;
  /** It has no name of its own but its parent's: a new one would be the old one, so that goes first. */
  readonly deleteBeforeReplace?: true;
  /** Problems that AWS or the real provider would refuse before any call. */
  validate?(inputs: InputsOf<Args>): readonly { readonly property: string; readonly reason: string }[];
  /** Makes it; answers its id as soon as AWS has it. Waits belong into `settle`. */
  create(inputs: InputsOf<Args>, context: AwsContext): Promise<string>;
  /** Waits until what `create` or `update` started is done. */
  settle?(id: string, inputs: InputsOf<Args>, context: AwsContext): Promise<void>;
  /** What is there now; undefined when it's gone. `previous` is empty in an import. */
  read(
    id: string,
    previous: Partial<OutputsOf<Resource>>,
    context: AwsContext,
  ): Promise<LiveResource<LiveOutputs<Resource, Rules>> | undefined>;
  /** Changes it; `changed` has the inputs that differ. Absent: every change replaces. */
  update?(
    id: string,
    change: {
      readonly inputs: InputsOf<Args>;
      readonly previous: OutputsOf<Resource>;
      readonly changed: ReadonlySet<keyof Args>;
    },
    context: AwsContext,
  ): Promise<void>;
  /** Takes it away; that it's gone already is success. */
  delete(id: string, outputs: OutputsOf<Resource>, context: AwsContext): Promise<void>;
  /**
   * Id and computed outputs for a resource that is in the state only, because the emulator has no such
   * operation. Without it a missing operation is an error.
   */
  declared?(
    inputs: InputsOf<Args>,
    context: AwsContext,
  ): LiveResource<Pick<OutputsOf<Resource>, keyof ComputedRules<Args, Resource>>>;
}

/** A resource type as the provider's generic part sees it: names and values without their types. */
export interface ResourceType {
  readonly token: string;
  readonly inputs: Readonly<Record<string, InputRule>>;
  readonly computed: Readonly<Record<string, ComputedRule>>;
  readonly autoName?: string;
  readonly deleteBeforeReplace?: true;
  validate?(inputs: PropertyBag): readonly { readonly property: string; readonly reason: string }[];
  create(inputs: PropertyBag, context: AwsContext): Promise<string>;
  settle?(id: string, inputs: PropertyBag, context: AwsContext): Promise<void>;
  read(
    id: string,
    previous: PropertyBag,
    context: AwsContext,
  ): Promise<LiveResource<PropertyBag> | undefined>;
  update?(
    id: string,
    change: {
      readonly inputs: PropertyBag;
      readonly previous: PropertyBag;
      readonly changed: ReadonlySet<string>;
    },
    context: AwsContext,
  ): Promise<void>;
  delete(id: string, outputs: PropertyBag, context: AwsContext): Promise<void>;
  declared?(inputs: PropertyBag, context: AwsContext): LiveResource<PropertyBag>;
}

/**
 * Declares a resource type. Two calls, because TypeScript infers either all type arguments or none:
 * `defineResource<aws.ecr.RepositoryArgs, aws.ecr.Repository>()({ … })`.
 */
export function defineResource<Args, Resource extends CustomResource>() {
  return <const Rules extends InputRules<Args>>(
    definition: ResourceDefinition<Args, Resource, Rules>,
  ): ResourceType =>
    // The engine's wire has no types; `check` lets only the inputs through that the definition names.
    definition as unknown as ResourceType;
}

/** A document as text: `check` has turned what was given as an object into JSON. */
export function asDocument(document: unknown): string {
  return typeof document === "string" ? document : JSON.stringify(document);
}
