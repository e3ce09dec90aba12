import { resolve } from "node:path";
import type { GithubRole } from "../../config/stack/github.ts";
import { appIdVariable, createGuard, type Guard } from "../aws/guard/guard.ts";
import { isKnownRefusal } from "../aws/guard/known-refusals.ts";
import { readStackRole } from "../aws/guard/role.ts";

/** Commands that only people run, with rights of their own. */
const ofPeople = ["sandbox", "init", "demo", "help"];

/** Commands that workflows run for pull requests; every other one is the deploy role's. */
const ofPullRequests = ["plan", "build", "changed", "why", "diff"];

/** Commands that the role has which only looks: .github/workflows/lifecycle.yml. */
const ofInspection = ["lifecycle"];

/** The role that CI runs a command as; undefined for what it does not run. */
export function roleOfCommand(words: readonly string[]): GithubRole | undefined {
  const [verb = "help"] = words;
  if (verb.startsWith("-") || ofPeople.includes(verb)) return undefined;
  // It asks what runs in the other stack: docs/how-to/ci.md has a person do that.
  if (verb === "promote" && !words.includes("--checked-out") && !words.includes("--release"))
    return undefined;
  if (verb === "build" && words.some((word) => word.startsWith("--push"))) return "push";
  if (ofInspection.includes(verb)) return "inspect";
  return ofPullRequests.includes(verb) ? "pullRequest" : "deploy";
}

/** What a team has to write into `slipway:github` for the shop, where a test's stack does not. */
function shopSettings(account: string): object {
  const services = ["ui", "catalog", "cart", "orders"];
  return {
    // Other stacks of the tests run copies of the sandbox's services.
    taskRoles: services.map((service) => `arn:aws:iam::${account}:role/shop-sandbox-${service}-start`),
    logGroups: ["/shop-sandbox/*"],
  };
}

/** Who begins commands now, if that does not follow from the command. */
let now: GithubRole | "person" | undefined;

/** Begins a command as another role than the one that CI has for it, or as a person, who has all rights. */
export function as<T>(who: GithubRole | "person", begin: () => T): T {
  now = who;
  try {
    return begin();
  } finally {
    now = undefined;
  }
}

let current: { readonly guard: Guard; readonly account: string } | undefined;

/** From now on, each command of this file of tests runs as a role; its requests must pass the guard's proxy. */
export function guardCommands(account: string): Guard {
  current = { guard: createGuard(), account };
  return current.guard;
}

/** The value of an option: `--to prod`, `--to=prod`. */
function valueAfter(words: readonly string[], option: string): string | undefined {
  const at = words.indexOf(option);
  const joined = words.find((word) => word.startsWith(`${option}=`));
  return at < 0 ? joined?.slice(option.length + 1) : words[at + 1];
}

/** Begins a command as a role; what is to be in its environment, and what to call at its end. */
export function asRole(
  words: readonly string[],
  {
    role = now === undefined || now === "person" ? roleOfCommand(words) : now,
    cwd,
    stack = valueAfter(words, "--stack") ?? valueAfter(words, "--to"),
  }: { readonly role?: GithubRole | undefined; readonly cwd: string; readonly stack?: string | undefined },
): { readonly environment: Readonly<Record<string, string>>; end(): void } {
  if (now === "person" || current === undefined || role === undefined || stack === undefined)
    return { environment: {}, end: () => {} };
  const { guard, account } = current;
  const directory = resolve(cwd, valueAfter(words, "-C") ?? ".");
  const from = valueAfter(words, "--from");
  const github = {
    ...shopSettings(account),
    ...(from !== undefined && words[0] === "promote" && { promotesFrom: [from] }),
  };
  const { appId, end } = guard.begin({
    verb: words[0] ?? "",
    role: () => readStackRole(role, { directory, stack, account, github }),
  });
  return { environment: { [appIdVariable]: appId }, end };
}

/** What roles were refused that nobody knows of, and what could not be judged, one line each. */
export function refusalsOf({ calls, problems }: Guard): string[] {
  const lines = calls.flatMap(({ verb, role, call, refused }) =>
    refused === undefined || isKnownRefusal(role, refused)
      ? []
      : [`${verb} as ${role}: ${call} needs ${refused.action} on ${refused.resource}`],
  );
  return [...new Set([...lines, ...problems])];
}
