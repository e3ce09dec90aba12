import * as aws from "@pulumi/aws";
import { CustomResource } from "@pulumi/pulumi";
import type { OpType, Stack } from "@pulumi/pulumi/automation/index.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applicationResources } from "./fixtures/application-resources.ts";
import { applicationDrifts, type Drift, type Known, platformDrifts } from "./fixtures/drifts.ts";
import { type Form, otherResources, platformResources } from "./fixtures/platform-resources.ts";
import { type Happened, type SmallAws, startSmallAws, watch } from "./small-aws.ts";

let small: SmallAws;
beforeAll(async () => {
  small = await startSmallAws();
});
afterAll(async () => {
  await small?.stop();
});

const up = (stack: Stack) => run((onEvent) => stack.up({ onEvent }));
const refresh = (stack: Stack) => run((onEvent) => stack.refresh({ onEvent }));

async function run(
  operation: (onEvent: ReturnType<typeof watch>["onEvent"]) => Promise<unknown>,
): Promise<Happened> {
  const watching = watch();
  await operation(watching.onEvent);
  return watching.happened();
}

/** Ids and outputs of a stack's resources, by name. */
async function resourcesOf(stack: Stack): Promise<Record<string, Known>> {
  const { deployment } = await stack.exportStack();
  const resources = (
    deployment as { resources: { urn: string; id?: string; outputs?: Record<string, unknown> }[] }
  ).resources;
  return Object.fromEntries(
    resources.map(({ urn, id = "", outputs = {} }) => [urn.split("::").at(-1) ?? "", { id, outputs }]),
  );
}

type Program = (
  prefix: string,
  form: Form,
  options?: Parameters<typeof applicationResources>[2],
) => Promise<unknown> | unknown;

interface Case {
  readonly name: string;
  readonly program: Program;
  readonly drifts: Readonly<Record<string, Drift>>;
  /** What the second form does other than to update. */
  readonly replaced: readonly string[];
  /** How an import names what the state names in another way. */
  readonly importIds: (known: Readonly<Record<string, Known>>) => Readonly<Record<string, string>>;
  /** Inputs that AWS does not know, and which an import therefore can't find. */
  readonly notImported: Readonly<Record<string, string[]>>;
}

const text = (known: Known | undefined, output: string) => String(known?.outputs[output]);

const cases: readonly Case[] = [
  {
    name: "platform",
    program: platformResources,
    drifts: platformDrifts,
    replaced: ["lifecyclePolicy"],
    importIds: ({ eventTarget, logMetricFilter }) => ({
      eventTarget: `${text(eventTarget, "rule")}/${text(eventTarget, "targetId")}`,
      logMetricFilter: `${text(logMetricFilter, "logGroupName")}:${text(logMetricFilter, "name")}`,
    }),
    notImported: { key: ["deletionWindowInDays"], repository: ["forceDelete"] },
  },
  {
    name: "application",
    program: applicationResources,
    drifts: applicationDrifts,
    replaced: ["taskDefinition", "rolePolicyAttachment", "oidcProvider", "permission"],
    importIds: ({ cluster, taskDefinition, alias, permission }) => ({
      cluster: text(cluster, "name"),
      taskDefinition: text(taskDefinition, "arn"),
      service: `${text(cluster, "name")}/ui`,
      alias: `${text(alias, "functionName")}/${text(alias, "name")}`,
      permission: `${text(permission, "function")}/${text(permission, "statementId")}`,
    }),
    notImported: { function: ["publish"] },
  },
];

describe.each(cases)("the stand-in AWS provider, with the $name's resource types", (each) => {
  const names = Object.keys(each.drifts);
  const all = (operation: OpType) => Object.fromEntries(names.map((name) => [name, operation]));
  let form: Form = "first";
  let stack: Stack;
  beforeAll(async () => {
    stack = await small.stack(each.name, async () => void (await each.program(each.name, form)));
  });

  it("makes one of each", async () => {
    expect(await up(stack)).toEqual({ changes: all("create"), warnings: [] });
  });

  it("has nothing to change the second time", async () => {
    expect((await up(stack)).changes).toEqual({});
  });

  it("finds no drift where there is none", async () => {
    expect((await refresh(stack)).changes).toEqual({});
  });

  it("finds what others have changed or taken away", async () => {
    const known = await resourcesOf(stack);
    for (const name of names) await each.drifts[name]?.happen(small.client, known);
    const { changes } = await refresh(stack);
    expect(changes).toEqual(Object.fromEntries(names.map((name) => [name, each.drifts[name]?.seenAs])));
  });

  it("mends it", async () => {
    const { changes } = await up(stack);
    expect(changes).toEqual(
      Object.fromEntries(
        names.map((name) => [name, each.drifts[name]?.seenAs === "delete" ? "create" : "update"]),
      ),
    );
    expect((await up(stack)).changes).toEqual({});
    expect((await refresh(stack)).changes).toEqual({});
  });

  it("imports each by the id that the real provider takes, without a difference", async () => {
    const known = await resourcesOf(stack);
    const ids = each.importIds(known);
    const importing = await small.stack(`${each.name}-imported`, async () => {
      await each.program(each.name, form, (name) => ({
        import: ids[name] ?? known[name]?.id ?? "",
        ignoreChanges: each.notImported[name] ?? [],
      }));
    });
    expect((await up(importing)).changes).toEqual(all("import"));
    await importing.workspace.removeStack(importing.name, { force: true });
  });

  it("changes what can be changed and replaces the rest", async () => {
    form = "second";
    const { changes } = await up(stack);
    for (const name of names) {
      const expected = each.replaced.includes(name) ? ["replace", "create-replacement"] : ["update"];
      // An alias of a key has nothing to change as long as the key stays.
      if (changes[name] !== undefined) expect(expected, name).toContain(changes[name]);
    }
    expect(Object.keys(changes).length).toBeGreaterThanOrEqual(names.length - 1);
    expect((await up(stack)).changes).toEqual({});
    expect((await refresh(stack)).changes).toEqual({});
  });

  it("takes all away", async () => {
    const before = await stack.exportStack();
    expect((await run((onEvent) => stack.destroy({ onEvent }))).changes).toEqual(all("delete"));
    // A state that still has them learns from AWS that they are gone.
    await stack.importStack(before);
    expect((await refresh(stack)).changes).toEqual(all("delete"));
  });
});

describe("the stand-in AWS provider, where the emulator lacks something", () => {
  it("warns each time, keeps what was declared, and finds nothing to change", async () => {
    const stack = await small.stack("others", async () => ({ outputs: otherResources("others") }));
    const { warnings } = await up(stack);
    expect(warnings.join("\n")).toContain(
      "no operation ECR PutRegistryScanningConfiguration: rules, scanType not applied",
    );
    expect(warnings.join("\n")).toContain("no operation ECR PutReplicationConfiguration");
    expect(warnings.join("\n")).toContain("no operation ECR RegisterPullTimeUpdateExclusion");
    expect(warnings.join("\n")).toContain("did not keep imageTagMutabilityExclusionFilters");
    expect((await up(stack)).changes).toEqual({});
    const refreshed = await refresh(stack);
    expect(refreshed.changes).toEqual({});
    expect(refreshed.warnings.join("\n")).toContain("PutRegistryScanningConfiguration is missing");
    const known = await resourcesOf(stack);
    expect(known.scanning?.outputs.__notApplied).toEqual({
      operation: "ECR PutRegistryScanningConfiguration",
    });
    expect(Object.keys(known)).toContain("component");
    expect((await stack.outputs()).outputs?.value).toMatchObject({ nested: "others/component", user: "AWS" });
    await stack.destroy();
  });
});

describe("the stand-in AWS provider refuses", () => {
  const refused = async (program: () => unknown, configuration: Readonly<Record<string, string>> = {}) => {
    const stack = await small.stack("refused", async () => void (await program()), configuration);
    return expect(stack.preview()).rejects;
  };

  it("a resource type that it does not cover", async () => {
    await (await refused(() => new aws.s3.Bucket("bucket"))).toThrow(
      /does not cover the resource type aws:s3\/bucket/,
    );
  });

  it("a property that it does not cover", async () => {
    await (await refused(() => new aws.sns.Topic("topic", { fifoTopic: true }))).toThrow(
      /does not cover it for aws:sns\/topic:Topic/,
    );
  });

  it("a property that does not exist", async () => {
    const token = "aws:ecr/repository:Repository";
    // Not by the class of the SDK, which drops what it doesn't know.
    class Raw extends CustomResource {}
    await (await refused(() => new Raw(token, "repository", { name: "x", colour: "red" }))).toThrow(
      /aws:ecr\/repository:Repository has no such property/,
    );
  });

  it("a function that it does not cover", async () => {
    await (await refused(() => aws.s3.getBucket({ bucket: "b" }))).toThrow(/does not cover the function/);
  });

  it("an endpoint that is not on this machine", async () => {
    const endpoints = JSON.stringify([{ sts: "https://sts.us-east-1.amazonaws.com" }]);
    await (await refused(() => aws.getCallerIdentity(), { "aws:endpoints": endpoints })).toThrow(
      /only endpoints on this machine/,
    );
  });

  it("an account that is not the stack's", async () => {
    const accounts = JSON.stringify(["111122223333"]);
    await (await refused(() => aws.getCallerIdentity(), { "aws:allowedAccountIds": accounts })).toThrow(
      /belong to account 000000000000, but this stack allows only 111122223333/,
    );
  });
});
