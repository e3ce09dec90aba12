import { describe, expect, test } from "vitest";
import { methodsFor } from "../../../../runner/commands/k8s/methods.ts";
import { judgePullSecrets, type PullSecrets } from "../../../../runner/commands/k8s/state.ts";

const registry = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";
const wanted = { registry, region: "eu-west-1", namespaces: ["shop"], secret: "ecr-pull" };
const now = new Date("2026-11-28T12:00:00Z");
const hour = 3600;
const seconds = now.getTime() / 1000;

/** A token as ECR makes it: base64 of a document with its end. */
const token = (expiration: number) =>
  Buffer.from(
    JSON.stringify({ payload: "x", datakey: "y", version: "2", type: "DATA_KEY", expiration }),
  ).toString("base64");
const config = (password: string, host = registry) =>
  JSON.stringify({ auths: { [host]: { auth: Buffer.from(`AWS:${password}`).toString("base64") } } });
const secret = (text: string | undefined, more: object = {}) => ({
  type: "kubernetes.io/dockerconfigjson",
  config: text,
  renewedAt: undefined,
  ...more,
});

function judge(found: object | undefined, more: Partial<PullSecrets> = {}, externalSecret?: object) {
  const namespaces = [
    { namespace: "shop", secret: found, externalSecret },
  ] as unknown as PullSecrets["namespaces"];
  return judgePullSecrets({ home: "shop", namespaces, cronJob: undefined, jobs: [], ...more }, wanted, now);
}

describe("a pull secret", () => {
  test.each([
    [
      "fresh",
      secret(config(token(seconds + 10 * hour))),
      "ok",
      "it expires in 10 h 00 min (2026-11-28T22:00:00.000Z)",
    ],
    [
      "after a missed renewal",
      secret(config(token(seconds + 5 * hour))),
      "warn",
      "it expires in 5 h 00 min (2026-11-28T17:00:00.000Z): a renewal was missed",
    ],
    [
      "expired",
      secret(config(token(seconds - hour))),
      "fail",
      "it expired 1 h 00 min ago (2026-11-28T11:00:00.000Z)",
    ],
    ["absent", undefined, "fail", "it does not exist"],
    [
      "of another type",
      secret(config(token(seconds)), { type: "Opaque" }),
      "fail",
      "it is of type Opaque, with which no pod can pull",
    ],
    [
      "for another registry",
      secret(config(token(seconds), "ghcr.io")),
      "fail",
      `it has no entry for ${registry}, only for ghcr.io`,
    ],
    [
      "with https before the registry",
      secret(config(token(seconds + 10 * hour), `https://${registry}`)),
      "ok",
      /^it expires in 10 h/,
    ],
    ["that is not JSON", secret("{"), "fail", `it has no entry for ${registry}`],
    [
      "whose token does not tell, renewed 2 h ago",
      secret(config("plain"), { renewedAt: "2026-11-28T10:00:00Z" }),
      "ok",
      /^it expires in 10 h 00 min/,
    ],
    [
      "whose token does not tell",
      secret(config("plain")),
      "warn",
      "it has an entry for the registry, and does not say when it expires",
    ],
  ] as const)("%s", (_name, found, state, message) => {
    const [check] = judge(found);
    expect(check).toMatchObject({ namespace: "shop", name: "secret ecr-pull", state });
    if (typeof message === "string") expect(check?.message).toBe(message);
    else expect(check?.message).toMatch(message);
  });
});

describe("what renews it", () => {
  const good = secret(config(token(seconds + 10 * hour)));
  const renewal = (more: Partial<PullSecrets>, externalSecret?: object) =>
    judge(good, more, externalSecret).slice(1);
  const cronJob = { schedule: "7 */4 * * *", isSuspended: false };

  test.each([
    [
      { ...cronJob, lastSuccessfulTime: "2026-11-28T11:07:00Z" },
      "ok",
      "its last run that worked was 53 min ago",
    ],
    [
      { ...cronJob, lastSuccessfulTime: "2026-11-27T11:07:00Z" },
      "fail",
      "its last run that worked was 24 h 53 min ago",
    ],
    [{ ...cronJob, isSuspended: true }, "fail", "it is suspended, so nothing renews the secret"],
    [{ ...cronJob, lastScheduleTime: "2026-11-28T11:07:00Z" }, "fail", "no run has worked yet"],
    [cronJob, "warn", "it has not run yet (7 */4 * * *)"],
  ] as const)("CronJob %#: %s %s", (found, state, message) => {
    expect(renewal({ cronJob: found })).toMatchObject([{ name: "CronJob ecr-pull", state, message }]);
  });

  test("the last Job decides, and names its log", () => {
    const job = (name: string, createdAt: string, state: "succeeded" | "failed") => ({
      name,
      createdAt,
      state,
      message: state === "failed" ? "BackoffLimitExceeded: Job has reached the specified backoff limit" : "",
    });
    const jobs = [job("b", "2026-11-28T11:07:00Z", "failed"), job("a", "2026-11-28T07:07:00Z", "succeeded")];
    expect(renewal({ jobs })).toEqual([
      {
        namespace: "shop",
        name: "Job b",
        state: "fail",
        message: "the last run failed: BackoffLimitExceeded: Job has reached the specified backoff limit",
        fix: "see its log: kubectl logs --namespace shop job/b",
      },
    ]);
  });

  test("an ExternalSecret says by itself", () => {
    expect(
      renewal({}, { isReady: false, message: "SecretSyncedError: AccessDenied", refreshedAt: undefined }),
    ).toMatchObject([
      {
        name: "ExternalSecret ecr-pull",
        state: "fail",
        message: "it is not Ready: SecretSyncedError: AccessDenied",
      },
    ]);
    expect(renewal({}, { isReady: true, message: "", refreshedAt: "2026-11-28T11:00:00Z" })).toMatchObject([
      { state: "ok" },
    ]);
  });
});

test("the ways are listed from the one that needs nothing to the one with the most parts", () => {
  const repositories = ["arn:aws:ecr:eu-west-1:111122223333:repository/shop/ui"];
  const methods = methodsFor({ stack: "prod", registry, repositories, secret: "ecr-pull" });
  expect(methods.map(({ name }) => name)).toEqual(["nodes", "kubelet", "external-secrets", "cronjob"]);
  expect(methods[1]?.steps.join("\n")).toContain(repositories[0]);
  expect(methods[3]?.steps.join("\n")).toContain(
    "slipway k8s credentials NAMESPACE --stack prod --method cronjob",
  );
});
