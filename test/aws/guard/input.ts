import type { Ask, Place } from "./policy.ts";

/** Members of a request, by the SDK's names. */
export type Input = Readonly<Record<string, unknown>>;
export type AskMaker = (input: Input, place: Place) => readonly Ask[];

/** The text in a member; empty when there is none. */
export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
export const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(textOf) : []);
export const isFull = (value: unknown): boolean => Array.isArray(value) && value.length > 0;
/** A list of structures; none where there is none. */
export const inputsOf = (value: unknown): readonly Input[] =>
  Array.isArray(value) ? (value as Input[]) : [];
export const inputOf = (value: unknown): Input =>
  typeof value === "object" && value !== null ? (value as Input) : {};

/** A name as the ARN that it is short for; an ARN as it is. */
export function arnOf({ partition, region, account }: Place, service: string, kind: string, name: string) {
  return name.startsWith("arn:") ? name : `arn:${partition}:${service}:${region}:${account}:${kind}${name}`;
}

/** The right to pass a role on to what will assume it. */
export function passRole(role: unknown, service: string): Ask[] {
  if (textOf(role) === "") return [];
  return [{ action: "iam:PassRole", resource: textOf(role), context: { "iam:PassedToService": service } }];
}
