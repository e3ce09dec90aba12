import {
  DescribeImageSigningStatusCommand,
  ECRClient,
  GetSigningConfigurationCommand,
} from "@aws-sdk/client-ecr";
import { createColors } from "picocolors";
import { beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../../config/problems/errors.ts";
import type { VerifyDocument } from "../../../runner/commands/verify/document.ts";
import { showVerify } from "../../../runner/commands/verify/show.ts";
import {
  readManagedSignatures,
  readSigningRules,
  signsRepository,
} from "../../../runner/evidence/managed-signing.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { awsError, fakeContext, image, sha } from "../targets/fakes.ts";

const ecr = mockClient(ECRClient);
beforeEach(() => {
  ecr.reset();
});

const profile = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/shop";
const rule = (...filters: readonly string[]) => ({
  signingProfileArn: profile,
  ...(filters.length === 0
    ? {}
    : {
        repositoryFilters: filters.map((filter) => ({ filter, filterType: "WILDCARD_MATCH" as const })),
      }),
});
const denied = new UserError({ code: "access-denied", message: "ci may not call it" });

describe("whether a registry signs images itself", () => {
  test("is read from its configuration", async () => {
    ecr
      .on(GetSigningConfigurationCommand)
      .resolves({ registryId: "111122223333", signingConfiguration: { rules: [rule()] } });
    expect(await readSigningRules(fakeContext())).toEqual({ state: "seen", rules: [rule()] });
  });

  test("is no where it has none", async () => {
    ecr.on(GetSigningConfigurationCommand).rejects(awsError("SigningConfigurationNotFoundException"));
    expect(await readSigningRules(fakeContext())).toEqual({ state: "seen", rules: [] });
  });

  test("is not known without the right, and where the registry fails", async () => {
    ecr.on(GetSigningConfigurationCommand).rejectsOnce(denied).rejectsOnce(awsError("ServerException"));
    expect(await readSigningRules(fakeContext())).toEqual({
      state: "not seen",
      message: "ci may not call it",
    });
    expect(await readSigningRules(fakeContext())).toMatchObject({ state: "not seen" });
  });

  test.each([
    [[], "shop/ui", true],
    [["shop/*"], "shop/ui", true],
    [["*/ui"], "shop/eu/ui", true],
    [["*hop*"], "shop/ui", true],
    [["shop"], "shop/ui", false],
    [["shop.ui"], "shop/ui", false],
    [["other/*", "shop/ui"], "shop/ui", true],
  ])("with the filters %j it signs %s: %s", (filters, repository, signs) => {
    expect(signsRepository([rule(...filters)], repository)).toBe(signs);
  });

  test("a registry without rules signs nothing", () => {
    expect(signsRepository([], "shop/ui")).toBe(false);
  });
});

describe("ECR's signatures of an image", () => {
  const about = (imageDigest: string) =>
    ecr.on(DescribeImageSigningStatusCommand, { repositoryName: "shop/ui", imageId: { imageDigest } });

  test("are told for the index and each platform, and what is not seen is not called unsigned", async () => {
    about(sha("1")).resolves({ signingStatuses: [{ signingProfileArn: profile, status: "COMPLETE" }] });
    about(sha("a")).resolves({
      signingStatuses: [
        {
          signingProfileArn: profile,
          status: "FAILED",
          failureCode: "AccessDenied",
          failureReason: "the pusher may not sign",
        },
        { signingProfileArn: `${profile}2`, status: "IN_PROGRESS" },
      ],
    });
    about(sha("b")).rejects(denied);
    const found = await readManagedSignatures(fakeContext(), image);
    expect(found).toEqual([
      { subject: sha("1"), state: "complete", profile },
      {
        subject: sha("a"),
        platform: "linux/amd64",
        state: "failed",
        profile,
        message: "the pusher may not sign (AccessDenied)",
      },
      { subject: sha("a"), platform: "linux/amd64", state: "in progress", profile: `${profile}2` },
      { subject: sha("b"), platform: "linux/arm64", state: "not seen", message: "ci may not call it" },
    ]);
    const document: VerifyDocument = {
      version: 1,
      stack: "dev",
      account: "111122223333",
      region: "eu-west-1",
      kind: "verify",
      outcome: "ok",
      targets: [],
      withoutTargets: [],
      evidence: [{ service: "ui", reference: "r/shop/ui@1", pieces: [], missing: [], managedSigning: found }],
      managedSigning: { state: "not seen", message: "ci may not call it" },
    };
    const text = showVerify(document, createColors(false));
    expect(text).toContain(`ui: r/shop/ui@1
  -  ECR's managed signing  index        complete                                        shop
  ✖  ECR's managed signing  linux/amd64  failed: the pusher may not sign (AccessDenied)  shop
  -  ECR's managed signing  linux/amd64  in progress                                     shop2
  -  ECR's managed signing  linux/arm64  not seen: ci may not call it
`);
    expect(text).toContain("Whether ECR signs images itself was not seen: ci may not call it\n");
  });

  test("have no status where the image was pushed before the rule", async () => {
    ecr.on(DescribeImageSigningStatusCommand).resolves({ signingStatuses: [] });
    const [index] = await readManagedSignatures(fakeContext(), image);
    expect(index).toEqual({ subject: sha("1"), state: "no status" });
  });
});
