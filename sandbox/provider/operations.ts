import type { AwsContext } from "./context.ts";
import { diffResource, type ResourceDiff } from "./diff.ts";
import { MissingOperation } from "./missing-operation.ts";
import { isBag, type PropertyBag, type PropertyValue } from "./property.ts";
import type { ResourceType } from "./resource.ts";
import { inputsOfState, notAppliedKey, stateAfterChange, stateAfterRead } from "./state.ts";

/** It exists in AWS, but making it did not end well; the engine keeps it in the state. */
export class PartlyMade extends Error {
  readonly id: string;
  readonly outputs: PropertyBag;

  constructor(id: string, outputs: PropertyBag, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = "PartlyMade";
    this.id = id;
    this.outputs = outputs;
  }
}

/** Makes the resource and answers what AWS has afterwards. */
export async function createResource(
  type: ResourceType,
  inputs: PropertyBag,
  context: AwsContext,
): Promise<{ readonly id: string; readonly outputs: PropertyBag }> {
  let id: string | undefined;
  try {
    id = await type.create(inputs, context);
    await type.settle?.(id, inputs, context);
    return await outputsAfterChange(type, id, { inputs, previous: {} }, context);
  } catch (error) {
    if (error instanceof MissingOperation && type.declared !== undefined) {
      return declaredOnly(type, inputs, context, error);
    }
    if (id === undefined) throw error;
    throw new PartlyMade(id, inputs, error);
  }
}

/** Changes the resource and answers what AWS has afterwards. */
export async function updateResource(
  type: ResourceType,
  id: string,
  wanted: {
    readonly inputs: PropertyBag;
    readonly previous: PropertyBag;
    readonly ignoreChanges?: readonly string[];
  },
  context: AwsContext,
): Promise<PropertyBag> {
  const { inputs, previous } = wanted;
  const { changed } = diffOf(type, wanted, context);
  try {
    await type.update?.(id, { inputs, previous, changed }, context);
    await type.settle?.(id, inputs, context);
    return (await outputsAfterChange(type, id, { inputs, previous, changed }, context)).outputs;
  } catch (error) {
    if (error instanceof MissingOperation && type.declared !== undefined) {
      return declaredOnly(type, inputs, context, error).outputs;
    }
    throw error;
  }
}

/** What separates the resource from what is wanted. */
export function diffOf(
  type: ResourceType,
  wanted: {
    readonly inputs: PropertyBag;
    readonly previous: PropertyBag;
    readonly ignoreChanges?: readonly string[];
  },
  context: Pick<AwsContext, "defaultTags">,
): ResourceDiff {
  return diffResource(type, wanted.previous, wanted.inputs, {
    defaultTags: context.defaultTags,
    ...(wanted.ignoreChanges === undefined ? {} : { ignoreChanges: wanted.ignoreChanges }),
  });
}

/** What is there now, and the inputs that would lead to it; undefined when it's gone. */
export async function readResource(
  type: ResourceType,
  id: string,
  before: { readonly outputs: PropertyBag; readonly inputs: PropertyBag },
  context: AwsContext,
): Promise<{ readonly id: string; readonly outputs: PropertyBag; readonly inputs: PropertyBag } | undefined> {
  const operation = missingOperationOf(before.outputs);
  if (operation !== undefined) {
    context.warn(
      `${operation} is missing in the emulator: what is really there can't be read, the state stays as declared`,
    );
    return { id, outputs: before.outputs, inputs: before.inputs };
  }
  try {
    const live = await type.read(id, before.outputs, context);
    if (live === undefined) return undefined;
    const outputs = stateAfterRead(type, live.outputs, before.outputs, context);
    return { id: live.id, outputs, inputs: inputsOfState(type, outputs, before.inputs) };
  } catch (error) {
    if (!(error instanceof MissingOperation)) throw error;
    throw new Error(`${type.token} ${id} can't be read: ${error.message}`, { cause: error });
  }
}

/** Takes the resource away. */
export async function deleteResource(
  type: ResourceType,
  id: string,
  outputs: PropertyBag,
  context: AwsContext,
): Promise<void> {
  try {
    await type.delete(id, outputs, context);
  } catch (error) {
    if (!(error instanceof MissingOperation) || type.declared === undefined) throw error;
    context.warn(`${error.message}: nothing was there to be taken away`);
  }
}

/** The operation for want of which the resource is in the state only. */
function missingOperationOf(outputs: PropertyBag): string | undefined {
  const notApplied = outputs[notAppliedKey];
  return isBag(notApplied) && typeof notApplied.operation === "string" ? notApplied.operation : undefined;
}

async function outputsAfterChange(
  type: ResourceType,
  id: string,
  change: {
    readonly inputs: PropertyBag;
    readonly previous: PropertyBag;
    readonly changed?: ReadonlySet<string>;
  },
  context: AwsContext,
): Promise<{ readonly id: string; readonly outputs: PropertyBag }> {
  const { inputs, previous, changed } = change;
  const live = await type.read(id, { ...previous, ...inputs }, context);
  if (live === undefined) throw new Error(`${type.token} ${id} was gone right after its creation or change`);
  const { outputs, notApplied } = stateAfterChange(type, live.outputs, inputs, context, previous, changed);
  if (notApplied.length > 0) {
    context.warn(
      `the emulator took and did not keep ${notApplied.join(", ")}: not applied, declared in the state only`,
    );
  }
  return { id: live.id, outputs };
}

/** The emulator can't do it: what was declared is the state, it says so, and so does a warning. */
function declaredOnly(
  type: ResourceType,
  inputs: PropertyBag,
  context: AwsContext,
  missing: MissingOperation,
) {
  const declared = type.declared?.(inputs, context);
  if (declared === undefined) throw missing;
  context.warn(
    `${missing.message}: ${Object.keys(inputs).sort().join(", ")} not applied, declared in the state only`,
  );
  const notApplied: Record<string, PropertyValue> = { operation: missing.operation };
  return {
    id: declared.id,
    outputs: {
      ...stateAfterChange(type, { ...inputs, ...declared.outputs }, inputs, context).outputs,
      [notAppliedKey]: notApplied,
    },
  };
}
