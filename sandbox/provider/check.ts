import { createHash, randomBytes } from "node:crypto";
import { didYouMean } from "../../config/problems/nearest.ts";
import { ruleOf } from "./compare.ts";
import {
  hasUnknown,
  isBag,
  isEmpty,
  isList,
  type PropertyBag,
  type PropertyValue,
  unknownValue,
} from "./property.ts";
import type { PropertyRule, ResourceType } from "./resource.ts";

export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface CheckedInputs {
  readonly inputs: PropertyBag;
  readonly failures: readonly CheckFailure[];
}

/**
 * The inputs as the rest of the provider takes them: only known properties, documents as JSON text,
 * a name for what needs one. Only the name's digits are random, and only when the engine gives no seed.
 */
export function checkInputs(
  type: ResourceType,
  asked: {
    readonly name: string;
    readonly news: PropertyBag;
    readonly olds: PropertyBag;
    readonly randomSeed?: Uint8Array;
  },
): CheckedInputs {
  const failures: CheckFailure[] = [];
  const inputs: Record<string, PropertyValue> = {};
  for (const [property, value] of Object.entries(asked.news)) {
    if (value === undefined || value === null) continue;
    const rule = Object.hasOwn(type.inputs, property) ? type.inputs[property] : undefined;
    if (rule === undefined) {
      failures.push({
        property,
        reason: `${type.token} has no such property: ${didYouMean(property, Object.keys(type.inputs))}`,
      });
    } else if (rule === "unsupported") {
      failures.push({
        property,
        reason: `the sandbox's AWS provider does not cover it for ${type.token} (docs/reference/sandbox-provider.md)`,
      });
    } else {
      failures.push(...unknownKeys(property, value, ruleOf(rule)));
      inputs[property] = asText(value, ruleOf(rule));
    }
  }
  const named = type.autoName;
  if (named !== undefined && isEmpty(inputs[named]) && isEmpty(inputs[`${named}Prefix`])) {
    inputs[named] = asked.olds[named] ?? randomName(asked.name, asked.randomSeed);
  }
  if (failures.length === 0 && type.validate !== undefined && !hasUnknown(inputs)) {
    failures.push(...type.validate(inputs));
  }
  return { inputs, failures };
}

/** `name-1a2b3c4`, as @pulumi/aws names what has no name. */
export function randomName(name: string, seed: Uint8Array | undefined): string {
  const digits =
    seed === undefined || seed.length === 0
      ? randomBytes(4).toString("hex")
      : createHash("sha256").update(seed).digest("hex");
  return `${name}-${digits.slice(0, 7)}`;
}

function unknownKeys(property: string, value: PropertyValue, rule: PropertyRule): CheckFailure[] {
  const { keys } = rule;
  if (keys === undefined) return [];
  if (isList(value)) {
    return value.flatMap((member, index) => unknownKeys(`${property}[${index}]`, member, rule));
  }
  if (!isBag(value)) return [];
  return Object.entries(value)
    .filter(([key, member]) => !keys.includes(key) && !isEmpty(member))
    .map(([key]) => ({
      property: `${property}.${key}`,
      reason: `is unknown or not covered by the sandbox's AWS provider: ${didYouMean(key, keys)}`,
    }));
}

/** @pulumi/aws also accepts policies as objects; AWS accepts text. */
function asText(value: PropertyValue, rule: PropertyRule): PropertyValue {
  if (rule.compare !== "json" && rule.compare !== "policy") return value;
  if (!isBag(value) && !isList(value)) return value;
  return hasUnknown(value) ? unknownValue : JSON.stringify(value);
}
