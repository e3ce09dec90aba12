import { meansTheSame, ruleOf } from "./compare.ts";
import { isBag, isEmpty, isSame, type PropertyBag, type PropertyValue, unknownValue } from "./property.ts";
import type { PropertyRule, ResourceType } from "./resource.ts";

/**
 * State key for what the emulator took and did not keep, or has no operation for: property → what it
 * answers instead. While that answer stays, the state has the declared value.
 */
export const notAppliedKey = "__notApplied";

/** Outputs of a resource, made from what AWS says and what was declared. */
export interface State {
  readonly outputs: PropertyBag;
  /** Declared properties that AWS does not have afterwards. */
  readonly notApplied: readonly string[];
}

interface Surroundings {
  readonly region: string;
  readonly defaultTags: PropertyBag;
}

/**
 * The state after `create` or `update`: what AWS has, held against what was asked for.
 *
 * @param changed the inputs that were to change; someone else made any other difference
 */
export function stateAfterChange(
  type: ResourceType,
  live: PropertyBag,
  inputs: PropertyBag,
  surroundings: Surroundings,
  previous: PropertyBag = {},
  changed: ReadonlySet<string> = new Set(Object.keys(type.inputs)),
): State {
  const outputs = { ...stateAfterRead(type, live, { ...previous, ...inputs }, surroundings) };
  for (const [property, inputRule] of Object.entries(type.inputs)) {
    const { local, fallback } = ruleOf(inputRule);
    if (local) outputs[property] = inputs[property] ?? fallback;
  }
  const before = isBag(outputs[notAppliedKey]) ? outputs[notAppliedKey] : {};
  const kept = Object.fromEntries(Object.entries(before).filter(([property]) => !changed.has(property)));
  const asked: string[] = [];
  for (const [property, rule] of liveRules(type)) {
    if (!changed.has(property) || (isEmpty(inputs[property]) && rule.computed)) continue;
    if (meansTheSame(live[property], inputs[property], rule)) continue;
    kept[property] = live[property] ?? null;
    outputs[property] = isEmpty(inputs[property]) ? rule.fallback : inputs[property];
    if (!isEmpty(inputs[property])) asked.push(property);
  }
  const wantedTags = { ...surroundings.defaultTags, ...(isBag(inputs.tags) ? inputs.tags : {}) };
  if (changed.has("tags") && live.tagsAll !== undefined && !isSame(live.tagsAll, wantedTags)) {
    kept.tagsAll = live.tagsAll;
    outputs.tagsAll = wantedTags;
    outputs.tags = inputs.tags;
    asked.push("tags");
  }
  delete outputs[notAppliedKey];
  return {
    outputs: Object.keys(kept).length > 0 ? { ...outputs, [notAppliedKey]: kept } : outputs,
    notApplied: asked,
  };
}

/** The state that `refresh` and `import` find: AWS's word, but for what the emulator never kept. */
export function stateAfterRead(
  type: ResourceType,
  live: PropertyBag,
  previous: PropertyBag,
  surroundings: Surroundings,
): Record<string, PropertyValue> {
  const outputs = withShared(type, live, previous, surroundings);
  for (const [property, rule] of liveRules(type)) {
    if (isEmpty(previous[property])) continue;
    if (meansTheSame(live[property], previous[property], rule)) outputs[property] = previous[property];
  }
  const before = isBag(previous[notAppliedKey]) ? previous[notAppliedKey] : {};
  const still = Object.entries(before).filter(([property, answer]) => isSame(live[property], answer));
  for (const [property] of still) outputs[property] = previous[property];
  if (still.length > 0) outputs[notAppliedKey] = Object.fromEntries(still);
  return outputs;
}

/** The inputs that lead to this state: what the program should say to have no difference. */
export function inputsOfState(type: ResourceType, outputs: PropertyBag, before: PropertyBag): PropertyBag {
  const inputs: Record<string, PropertyValue> = { ...before };
  for (const [property, rule] of liveRules(type)) {
    const live = outputs[property];
    if (isEmpty(before[property])) {
      const says = property === type.autoName || (!rule.computed && !meansTheSame(live, undefined, rule));
      if (says && !isEmpty(live)) inputs[property] = live;
    } else if (!meansTheSame(live, before[property], rule)) {
      if (isEmpty(live)) delete inputs[property];
      else inputs[property] = live;
    }
  }
  if ("tags" in type.inputs) {
    if (isEmpty(outputs.tags)) delete inputs.tags;
    else inputs.tags = outputs.tags;
  }
  return inputs;
}

/** What a preview shows: inputs as given, what only AWS can say unknown, what an update leaves as it was. */
export function previewState(
  type: ResourceType,
  inputs: PropertyBag,
  previous: PropertyBag | undefined,
  surroundings: Surroundings,
): PropertyBag {
  const outputs: Record<string, PropertyValue> = {};
  for (const [property, rule] of Object.entries(type.computed)) {
    outputs[property] = rule === "stable" && previous !== undefined ? previous[property] : unknownValue;
  }
  for (const [property, inputRule] of Object.entries(type.inputs)) {
    const rule = ruleOf(inputRule);
    if (!isEmpty(inputs[property])) outputs[property] = inputs[property];
    else if (rule.computed) outputs[property] = previous === undefined ? unknownValue : previous[property];
    else if (rule.fallback !== undefined) outputs[property] = rule.fallback;
  }
  if ("region" in type.inputs) outputs.region = inputs.region ?? surroundings.region;
  if ("tags" in type.inputs) {
    outputs.tagsAll = { ...surroundings.defaultTags, ...(isBag(inputs.tags) ? inputs.tags : {}) };
  }
  return outputs;
}

/** Inputs that AWS knows: neither only in the state nor shared by all types. */
function liveRules(type: ResourceType): readonly (readonly [string, PropertyRule])[] {
  return Object.entries(type.inputs)
    .filter(([property, rule]) => rule !== "unsupported" && property !== "region" && property !== "tags")
    .map(([property, rule]) => [property, ruleOf(rule)] as const)
    .filter(([, rule]) => !rule.local);
}

function withShared(
  type: ResourceType,
  live: PropertyBag,
  declared: PropertyBag,
  surroundings: Surroundings,
): Record<string, PropertyValue> {
  const outputs: Record<string, PropertyValue> = { ...live };
  for (const [property, rule] of Object.entries(type.inputs)) {
    const { local, fallback } = ruleOf(rule);
    if (local) outputs[property] = declared[property] ?? fallback;
  }
  if ("region" in type.inputs) outputs.region = surroundings.region;
  if ("tags" in type.inputs) outputs.tags = ownTags(live.tagsAll, declared.tags, surroundings.defaultTags);
  return outputs;
}

/** The tags that are the resource's own: not those that it has from the provider's default tags. */
function ownTags(all: PropertyValue, declared: PropertyValue, defaultTags: PropertyBag): PropertyValue {
  if (!isBag(all)) return undefined;
  const named = isBag(declared) ? declared : {};
  const own = Object.entries(all).filter(([key, value]) => key in named || defaultTags[key] !== value);
  return own.length === 0 ? undefined : Object.fromEntries(own);
}
