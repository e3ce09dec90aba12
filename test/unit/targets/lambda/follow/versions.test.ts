import {
  DeleteFunctionCommand,
  ListAliasesCommand,
  ListVersionsByFunctionCommand,
} from "@aws-sdk/client-lambda";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { surplusVersions, versionsOf } from "../../../../../runner/targets/lambda/follow/versions.ts";
import { awsError } from "../../fakes.ts";
import { lambda, start, startAnew, target } from "../builders.ts";

const weighted = (FunctionVersion: string, ...others: string[]) => ({
  FunctionVersion,
  RoutingConfig: { AdditionalVersionWeights: Object.fromEntries(others.map((other) => [other, 0.1])) },
});

describe("the versions to delete", () => {
  it("are all but the newest, the oldest first, by number and not by letter", () => {
    const versions = ["$LATEST", "8", "9", "10", "11"];
    expect(surplusVersions(versions, [{ FunctionVersion: "11" }], 2, ["11"])).toEqual(["8", "9"]);
  });

  it("are none that an alias uses, whole or in part, or that is needed to go back", () => {
    const versions = ["1", "2", "3", "4", "5", "6", "7"];
    const aliases = [weighted("7", "2"), { FunctionVersion: "1" }];
    expect(surplusVersions(versions, aliases, 2, ["7", "4"])).toEqual(["3", "5"]);
  });

  it("never touch what is used or new, whatever there is", () => {
    const number = fc.integer({ min: 1, max: 60 }).map(String);
    fc.assert(
      fc.property(
        fc.uniqueArray(number),
        fc.array(fc.tuple(number, fc.array(number, { maxLength: 1 }))),
        fc.integer({ min: 2, max: 10 }),
        fc.array(number, { maxLength: 2 }),
        (versions, uses, keep, needed) => {
          const aliases = uses.map(([version, others]) => weighted(version, ...others));
          const surplus = surplusVersions([...versions, "$LATEST"], aliases, keep, needed);
          const untouchable = [...aliases.flatMap(versionsOf), ...needed, "$LATEST"];
          expect(surplus.filter((version) => untouchable.includes(version))).toEqual([]);
          const left = versions.filter((version) => !surplus.includes(version));
          expect(left.length).toBeGreaterThanOrEqual(Math.min(keep, versions.length));
          const newest = versions.toSorted((a, b) => Number(b) - Number(a)).slice(0, keep);
          expect(newest.every((version) => left.includes(version))).toBe(true);
        },
      ),
    );
  });
});

describe("keepVersions", () => {
  beforeEach(() => {
    startAnew();
    lambda
      .on(ListVersionsByFunctionCommand)
      .resolves({ Versions: ["$LATEST", "1", "2", "3", "4", "5"].map((Version) => ({ Version })) });
    lambda.on(ListAliasesCommand).resolves({ Aliases: [{ FunctionVersion: "5" }] });
    lambda.on(DeleteFunctionCommand).resolves({});
  });
  const deleted = () =>
    lambda.commandCalls(DeleteFunctionCommand).map(({ args: [{ input }] }) => input.Qualifier);

  it("deletes older versions once the alias has moved, and says which", async () => {
    const { deploy } = await start({ ...target, keepVersions: 2 });
    expect(await deploy()).toMatchObject({ outcome: "done", details: { deletedVersions: "1, 2, 3" } });
    expect(deleted()).toEqual(["1", "2", "3"]);
  });

  it("warns when a version can't be deleted, and goes on", async () => {
    lambda
      .on(DeleteFunctionCommand, { Qualifier: "1" })
      .rejects(awsError("ResourceConflictException", "in use"));
    const { deploy, context } = await start({ ...target, keepVersions: 2 });
    expect(await deploy()).toMatchObject({ outcome: "done", details: { deletedVersions: "2, 3" } });
    expect(context.events).toContainEqual({
      kind: "warning",
      code: "versions-left",
      message: "Lambda function pay: 1 of 3 old versions could not be deleted: version 1: in use",
    });
  });

  it("deletes nothing when it is not set, or when the alias has not moved", async () => {
    await (await start()).deploy();
    expect(deleted()).toEqual([]);
  });
});
