/**
 * ECR's rules for lifecycle policies, written down from its user guide and by nobody who read our
 * compiler: what is wrong with a policy, one sentence each; empty when ECR would take it.
 *
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutLifecyclePolicy.html
 */
export function brokenRules(text: string): string[] {
  const broken: string[] = [];
  const say = (condition: boolean, sentence: string) => {
    if (!condition) broken.push(sentence);
  };
  say(text.length >= 100 && text.length <= 30_720, "the text has 100 to 30720 characters");
  const { rules, ...more } = JSON.parse(text) as { rules: Rule[] };
  say(Object.keys(more).length === 0, "there is nothing beside the rules");
  say(rules.length >= 1 && rules.length <= 50, "there are 1 to 50 rules");
  const priorities = rules.map((rule) => rule.rulePriority);
  say(
    priorities.every((priority) => Number.isInteger(priority) && priority >= 1),
    "priorities are positive",
  );
  say(new Set(priorities).size === rules.length, "priorities are unique");
  for (const storageClass of ["standard", "archive"]) {
    const looking = rules.filter((rule) => (rule.selection.storageClass ?? "standard") === storageClass);
    const count = (tagStatus: string) =>
      looking.filter((rule) => rule.selection.tagStatus === tagStatus).length;
    say(count("untagged") <= 1, `one rule for untagged images (${storageClass})`);
    say(count("any") <= 1, `one rule for any image (${storageClass})`);
    const lists = looking.flatMap(({ selection }) =>
      selection.tagPrefixList === undefined ? [] : [JSON.stringify([...selection.tagPrefixList].sort())],
    );
    say(new Set(lists).size === lists.length, `prefixes are unique (${storageClass})`);
  }
  const any = rules.filter((rule) => rule.selection.tagStatus === "any").map((rule) => rule.rulePriority);
  const others = rules.filter((rule) => rule.selection.tagStatus !== "any").map((rule) => rule.rulePriority);
  say(Math.min(...any, Infinity) > Math.max(...others, -Infinity), "rules for any image come last");
  for (const rule of rules) broken.push(...brokenInRule(rule));
  return broken;
}

function brokenInRule({ description, selection, action }: Rule): string[] {
  const broken: string[] = [];
  const say = (condition: boolean, sentence: string) => {
    if (!condition) broken.push(sentence);
  };
  const { tagPrefixList, tagPatternList, countType, countNumber, countUnit } = selection;
  say((description ?? "").length <= 256, "a description has at most 256 characters");
  say(["tagged", "untagged", "any"].includes(selection.tagStatus), "the tag status is known");
  const lists = [tagPrefixList, tagPatternList].filter((list) => list !== undefined);
  say(
    lists.length === (selection.tagStatus === "tagged" ? 1 : 0),
    "tagged needs one of both lists, others none",
  );
  say(
    lists.every((list) => list.length > 0 && list.every((tag) => tag.length > 0)),
    "lists aren't empty",
  );
  say(
    (tagPatternList ?? []).every((pattern) => [...pattern].filter((c) => c === "*").length <= 4),
    "a pattern has at most four wildcards",
  );
  say(Number.isInteger(countNumber) && countNumber >= 1, "the count is positive");
  const counted = countType === "imageCountMoreThan";
  say(counted ? countUnit === undefined : countUnit === "days", "days, except for counts of images");
  switch (countType) {
    case "imageCountMoreThan":
    case "sinceImagePushed":
      say((selection.storageClass ?? "standard") === "standard", "counts in the standard class");
      break;
    case "sinceImagePulled":
      say((selection.storageClass ?? "standard") === "standard", "pulls are of the standard class");
      say(action.type === "transition", "what was not pulled can be archived only");
      break;
    case "sinceImageTransitioned":
      say(selection.storageClass === "archive", "transitions are of the archive");
      say(action.type === "expire", "what is in the archive can expire only");
      say(countNumber >= 90, "the archive keeps for 90 days");
      break;
    default:
      broken.push(`count type ${String(countType)}`);
  }
  say(
    action.type === "expire"
      ? action.targetStorageClass === undefined
      : action.type === "transition" && action.targetStorageClass === "archive",
    "the action is to expire, or to go to the archive",
  );
  return broken;
}

export interface Rule {
  readonly rulePriority: number;
  readonly description?: string;
  readonly selection: {
    readonly tagStatus: string;
    readonly tagPrefixList?: readonly string[];
    readonly tagPatternList?: readonly string[];
    readonly storageClass?: string;
    readonly countType: string;
    readonly countUnit?: string;
    readonly countNumber: number;
  };
  readonly action: { readonly type: string; readonly targetStorageClass?: string };
}
