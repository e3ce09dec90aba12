import type { IpPermission } from "@aws-sdk/client-ec2";
import type { types } from "@pulumi/aws";
import { sorted } from "../../compare.ts";
import { compact, isList, type PropertyValue } from "../../property.ts";

type Rule = types.output.ec2.SecurityGroupIngress;

/** A rule as it is declared; the same for both directions. */
type DeclaredRule = { readonly [K in keyof Rule]?: Rule[K] | undefined };

/** Who may pass: one source or destination, as EC2 keeps it. */
type Peer =
  | { readonly kind: "ipv4" | "ipv6" | "group" | "prefixList"; readonly value: string }
  | { readonly kind: "self" };

/** The smallest rule there is: one protocol, range of ports, peer and description. */
export interface SingleRule {
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly peer: Peer;
  readonly description: string;
}

export const ruleKeys = [
  "cidrBlocks",
  "description",
  "fromPort",
  "ipv6CidrBlocks",
  "prefixListIds",
  "protocol",
  "securityGroups",
  "self",
  "toPort",
] as const satisfies readonly (keyof Rule)[];

/** Rules taken apart, so that it does not matter how they were put together. */
export function singleRules(rules: readonly DeclaredRule[] | undefined): SingleRule[] {
  return (rules ?? []).flatMap((rule) => {
    const peers: Peer[] = [
      ...(rule.cidrBlocks ?? []).map((value) => ({ kind: "ipv4", value }) as const),
      ...(rule.ipv6CidrBlocks ?? []).map((value) => ({ kind: "ipv6", value }) as const),
      ...(rule.securityGroups ?? []).map((value) => ({ kind: "group", value }) as const),
      ...(rule.prefixListIds ?? []).map((value) => ({ kind: "prefixList", value }) as const),
      ...(rule.self ? [{ kind: "self" } as const] : []),
    ];
    const all = rule.protocol === "-1" || rule.protocol === "all";
    return peers.map((peer) => ({
      protocol: all ? "-1" : (rule.protocol ?? "-1"),
      fromPort: all ? 0 : (rule.fromPort ?? 0),
      toPort: all ? 0 : (rule.toPort ?? 0),
      peer,
      description: rule.description ?? "",
    }));
  });
}

/** Compares rules by what they let through. */
export function comparableRules(value: PropertyValue): PropertyValue {
  if (!isList(value)) return value;
  return sorted(singleRules(value as unknown as Rule[]) as unknown as PropertyValue[]);
}

/** What EC2 has, as rules of @pulumi/aws: one for each protocol, range and description. */
export function rulesOf(permissions: readonly IpPermission[] | undefined, ownGroup: string): Rule[] {
  const rules = new Map<string, Required<Omit<Rule, "description">> & { description: string }>();
  for (const single of (permissions ?? []).flatMap((permission) => singlesOf(permission, ownGroup))) {
    const { protocol, fromPort, toPort, description, peer } = single;
    const key = JSON.stringify([protocol, fromPort, toPort, description]);
    const rule = rules.get(key) ?? {
      protocol,
      fromPort,
      toPort,
      description,
      cidrBlocks: [],
      ipv6CidrBlocks: [],
      securityGroups: [],
      prefixListIds: [],
      self: false,
    };
    rules.set(key, rule);
    switch (peer.kind) {
      case "ipv4":
        rule.cidrBlocks.push(peer.value);
        break;
      case "ipv6":
        rule.ipv6CidrBlocks.push(peer.value);
        break;
      case "group":
        rule.securityGroups.push(peer.value);
        break;
      case "prefixList":
        rule.prefixListIds.push(peer.value);
        break;
      case "self":
        rule.self = true;
        break;
    }
  }
  return [...rules.values()];
}

/** A rule as EC2's calls take it. */
export function permissionOf(rule: SingleRule, ownGroup: string): IpPermission {
  const Description = rule.description === "" ? undefined : rule.description;
  const described = compact({ Description });
  const base: IpPermission = {
    IpProtocol: rule.protocol,
    ...(rule.protocol === "-1" ? {} : { FromPort: rule.fromPort, ToPort: rule.toPort }),
  };
  switch (rule.peer.kind) {
    case "ipv4":
      return { ...base, IpRanges: [{ CidrIp: rule.peer.value, ...described }] };
    case "ipv6":
      return { ...base, Ipv6Ranges: [{ CidrIpv6: rule.peer.value, ...described }] };
    case "group":
      return { ...base, UserIdGroupPairs: [{ GroupId: rule.peer.value, ...described }] };
    case "prefixList":
      return { ...base, PrefixListIds: [{ PrefixListId: rule.peer.value, ...described }] };
    case "self":
      return { ...base, UserIdGroupPairs: [{ GroupId: ownGroup, ...described }] };
  }
}

/** Rules of one list that the other lacks. */
export function without(rules: readonly SingleRule[], others: readonly SingleRule[]): SingleRule[] {
  const known = new Set(others.map((rule) => JSON.stringify(rule)));
  return rules.filter((rule) => !known.has(JSON.stringify(rule)));
}

function singlesOf(permission: IpPermission, ownGroup: string): SingleRule[] {
  const { IpProtocol: protocol = "-1", FromPort: fromPort = 0, ToPort: toPort = 0 } = permission;
  const single = (peer: Peer, description = ""): SingleRule => ({
    protocol,
    fromPort,
    toPort,
    peer,
    description,
  });
  return [
    ...(permission.IpRanges ?? []).map((each) =>
      single({ kind: "ipv4", value: each.CidrIp ?? "" }, each.Description),
    ),
    ...(permission.Ipv6Ranges ?? []).map((each) =>
      single({ kind: "ipv6", value: each.CidrIpv6 ?? "" }, each.Description),
    ),
    ...(permission.PrefixListIds ?? []).map((each) =>
      single({ kind: "prefixList", value: each.PrefixListId ?? "" }, each.Description),
    ),
    ...(permission.UserIdGroupPairs ?? []).map((each) =>
      single(
        each.GroupId === ownGroup ? { kind: "self" } : { kind: "group", value: each.GroupId ?? "" },
        each.Description,
      ),
    ),
  ];
}
