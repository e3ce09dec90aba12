import { afterEach, describe, expect, it, vi } from "vitest";
import { UserError } from "../../../config/problems/errors.ts";
import { explainRefusal, toUserError } from "../../../runner/aws/errors.ts";

const call = { service: "ecs", operation: "UpdateService", region: "eu-west-1" };

afterEach(() => {
  vi.unstubAllEnvs();
});

function named(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}

function problemOf(error: unknown) {
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).problems[0];
}

describe("errors of AWS that a user can mend", () => {
  it.each([
    ["GITHUB_ACTIONS", "configure-aws-credentials", "configure profile shop in the job"],
    ["GITLAB_CI", "id_tokens", "configure profile shop in the job"],
    [undefined, "aws sso login", "aws sso login --profile shop"],
  ])("says where a job with %s gets credentials from", (place, without, withProfile) => {
    for (const one of ["GITHUB_ACTIONS", "GITLAB_CI"]) vi.stubEnv(one, one === place ? "true" : "");
    const error = named("CredentialsProviderError", "none");
    expect(problemOf(toUserError(error, call))?.fix).toContain(without);
    expect(problemOf(toUserError(error, { ...call, profile: "shop" }))?.fix).toContain(withProfile);
  });

  it("names the action, the resource and who may not", () => {
    const message =
      "User: arn:aws:sts::111122223333:assumed-role/ci/run is not authorized to perform: ecs:UpdateService on resource: arn:aws:ecs:eu-west-1:111122223333:service/shop/ui because no identity-based policy allows the ecs:UpdateService action";
    const problem = problemOf(toUserError(named("AccessDeniedException", message), call));
    expect(problem).toMatchObject({
      code: "access-denied",
      where: "arn:aws:ecs:eu-west-1:111122223333:service/shop/ui",
    });
    expect(problem?.message).toContain(
      "arn:aws:sts::111122223333:assumed-role/ci/run may not call ecs:UpdateService",
    );
    expect(problem?.message).toContain("no identity-based policy");
  });

  it("says what was called when AWS does not", () => {
    const problem = problemOf(toUserError(named("AccessDeniedException", "no"), call));
    expect(problem).toMatchObject({
      where: "ecs:UpdateService",
      fix: "allow ecs:UpdateService in the role's policy",
    });
  });

  it.each([
    ["ExpiredTokenException", "The security token included in the request is expired", "have expired"],
    ["UnrecognizedClientException", "The security token is invalid", "does not accept"],
    [
      "CredentialsProviderError",
      "Could not load credentials from any providers",
      "no usable AWS credentials",
    ],
  ])("%s is a matter of credentials", (name, message, said) => {
    const problem = problemOf(toUserError(named(name, message), { ...call, profile: "shop" }));
    expect(problem?.code).toBe("no-credentials");
    expect(problem?.message).toContain(said);
    expect(problem?.message).toContain(message);
    expect(problem?.fix).toContain("--profile shop");
  });

  it("calls throttling that outlasted the retries by its name", () => {
    const error = toUserError(named("ThrottlingException", "Rate exceeded"), call);
    expect(problemOf(error)?.code).toBe("throttled");
    expect((error as UserError).exitCode).toBe(1);
  });

  it.each([
    ["itself", named("Error", "connect ECONNREFUSED 127.0.0.1:1", { code: "ECONNREFUSED" })],
    ["its cause", named("Error", "fetch failed", { cause: named("Error", "no", { code: "ENOTFOUND" }) })],
    ["one of several", new AggregateError([named("Error", "no", { code: "ECONNREFUSED" })])],
    ["a time-out", named("TimeoutError", "Socket timed out")],
  ])("knows the network's error: %s", (_, error) => {
    const problem = problemOf(toUserError(error, { ...call, endpoint: "http://127.0.0.1:1" }));
    expect(problem?.code).toBe("unreachable");
    expect(problem?.message).toContain("http://127.0.0.1:1");
    expect(problem?.fix).toContain("aws:endpoints");
  });

  it("leaves everything else alone", () => {
    const other = named("ServiceNotFoundException", "x");
    expect(toUserError(other, call)).toBe(other);
    const aborted = named("AbortError", "Request aborted");
    expect(toUserError(aborted, call)).toBe(aborted);
  });

  it("explains what AWS took and refused, and nothing else", () => {
    const refused = named("InvalidParameterValueException", "Source image is not valid", {
      $fault: "client",
    });
    expect(problemOf(explainRefusal(refused, "lambda pay:live"))).toMatchObject({
      code: "aws-refused",
      where: "lambda pay:live",
    });
    const bug = new TypeError("x is undefined");
    expect(explainRefusal(bug, "lambda pay:live")).toBe(bug);
  });
});
