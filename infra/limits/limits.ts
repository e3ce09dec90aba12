import { stackResourceName } from "../../config/alarm-names.ts";
import {
  catalogueFile,
  projectFile,
  type StackDescription,
  stackFile,
} from "../../config/description/description.ts";
import type { PromotionSource } from "../../config/description/promotion.ts";
import { repositoryName } from "../../config/names.ts";
import type { Problem } from "../../config/problems/errors.ts";
import { githubRoleName } from "../../config/stack/github.ts";
import { accountLike } from "../account.ts";
import { alarmDefinitions } from "../alarms/definitions.ts";
import { rulesOf } from "../alarms/event-source.ts";
import { eventSources } from "../alarms/events.ts";
import { maximumReplicated, replicationFilters } from "../replication.ts";
import { policyProblems } from "./policies.ts";

/**
 * AWS's limits: characters in a name or text, and counts. They come from the services' API models (botocore
 * 1.44.8) where those have them.
 */
const limits = {
  rule: 64,
  role: 64,
  topic: 256,
  /** `alias/` among them. */
  keyAlias: 256,
  logGroup: 512,
  dashboard: 255,
  alarm: 255,
  metricNamespace: 255,
  /** On one resource; one or two of them are Slipway's own. */
  tags: 50,
  replicationDestinations: 25,
} as const;

/**
 * Finds what AWS would refuse of what the stack declares, and names that would be declared twice. Names are
 * not truncated to fit, because two names with the same beginning would become one.
 *
 * @param project name of the Pulumi project
 * @param promotesFrom the stacks that `slipway:github.promotesFrom` names
 */
export function limitProblems(
  description: StackDescription,
  project: string,
  promotesFrom: readonly PromotionSource[] = [],
): Problem[] {
  const { settings } = description;
  const name = stackResourceName(project, settings.stack);
  return [
    ...stackNameProblems(description, name),
    ...alarmProblems(description, name),
    ...policyProblems(description, name, promotesFrom),
    ...tagProblems(description),
    ...replicationProblems(description),
  ];
}

/** Names that consist only of the project's and the stack's name. */
function stackNameProblems({ catalogue, settings }: StackDescription, name: string): Problem[] {
  const sources = eventSources(catalogue.services, settings, accountLike(settings.aws.region));
  const rules = sources.flatMap(rulesOf).map(({ name: rule }) => `${name}-${rule}`);
  const roles = (settings.github?.roles ?? []).map((role) => githubRoleName(name, role));
  const named = [
    { what: "an EventBridge rule", names: rules, limit: limits.rule },
    { what: "an IAM role", names: roles, limit: limits.role },
    { what: "the SNS topic", names: [name], limit: limits.topic },
    { what: "the KMS key's alias", names: [`alias/${name}`], limit: limits.keyAlias },
    { what: "the log group of events", names: [`/aws/events/${name}`], limit: limits.logGroup },
    { what: "the dashboard", names: [name], limit: limits.dashboard },
    { what: "metrics' namespace", names: [`Slipway/${settings.stack}`], limit: limits.metricNamespace },
  ];
  return named.flatMap(({ what, names, limit }): Problem[] => {
    const longest = names.reduce((one, other) => (other.length > one.length ? other : one), "");
    if (longest.length <= limit) return [];
    return [
      {
        code: "name-too-long",
        where: projectFile,
        key: "name",
        value: longest,
        message: `the name of ${what} has ${longest.length} characters with the stack's name in it; AWS takes ${limit}`,
        fix: `shorten the names of the project and the stack by ${longest.length - limit} together`,
      },
    ];
  });
}

/** Alarms whose names are too long, or are the same: the second target of `ui` and the service `ui-2`. */
function alarmProblems({ catalogue, settings }: StackDescription, name: string): Problem[] {
  const all = alarmDefinitions(catalogue.services, settings);
  const repeated = [...Map.groupBy(all, (one) => one.name).values()].flatMap(([, ...others]) => others);
  const tooLong = all.filter((one) => `${name}-${one.name}`.length > limits.alarm);
  return [
    ...repeated.map(
      (one): Problem => ({
        code: "same-alarm",
        where: catalogueFile,
        key: "services",
        value: one.name,
        message: `is the name of two alarms; the second one: ${one.description}`,
        fix: "rename one of the services, or the load balancer or target group, that it is named for",
      }),
    ),
    ...tooLong.map(
      (one): Problem => ({
        code: "name-too-long",
        where: catalogueFile,
        key: "services",
        value: one.name,
        message: `as an alarm's name has ${`${name}-${one.name}`.length} characters with the project's and the stack's name; CloudWatch takes ${limits.alarm}`,
        fix: "shorten the service's name",
      }),
    ),
  ];
}

/** https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html */
function tagProblems({ settings }: StackDescription): Problem[] {
  const where = stackFile(settings.stack);
  const tags = Object.entries(settings.resourceTags);
  const room = limits.tags - 1;
  const refused = tags.flatMap(([key, value]): Problem[] => {
    const reason = /^aws:/i.test(key)
      ? "begins with aws:, which is AWS's own"
      : !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key)
        ? "is not a tag's key that AWS takes: up to 128 letters, digits, spaces and _ . : / = + - @"
        : !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value)
          ? "has a value that AWS does not take: up to 256 letters, digits, spaces and _ . : / = + - @"
          : undefined;
    if (reason === undefined) return [];
    return [
      {
        code: "refused-tag",
        where,
        key: `slipway:resourceTags.${key}`,
        value,
        message: reason,
        fix: "rename the tag, or give it another value",
      },
    ];
  });
  if (tags.length <= room) return refused;
  return [
    ...refused,
    {
      code: "refused-tag",
      where,
      key: "slipway:resourceTags",
      message: `has ${tags.length} tags; AWS takes ${limits.tags} on a resource, and one is Slipway's own`,
      fix: `keep at most ${room} of them`,
    },
  ];
}

function replicationProblems({ catalogue, settings }: StackDescription): Problem[] {
  const where = stackFile(settings.stack);
  const { prefix, replication } = settings.repositories;
  if (replication.length === 0) return [];
  const names = catalogue.services.map((service) => repositoryName(settings, service));
  const filters = replicationFilters(prefix, names);
  return [
    ...(filters.length <= maximumReplicated
      ? []
      : [
          {
            code: "refused-by-ecr" as const,
            where,
            key: "slipway:repositories.replication",
            message: `needs ${filters.length} filters, one for each repository; ECR takes ${maximumReplicated}`,
            fix: "set slipway:repositories.prefix, and no repository of its own for a service: one filter is enough then",
          },
        ]),
    ...(replication.length <= limits.replicationDestinations
      ? []
      : [
          {
            code: "refused-by-ecr" as const,
            where,
            key: "slipway:repositories.replication",
            message: `has ${replication.length} destinations; ECR takes ${limits.replicationDestinations}`,
            fix: `keep ${limits.replicationDestinations} of them`,
          },
        ]),
  ];
}
