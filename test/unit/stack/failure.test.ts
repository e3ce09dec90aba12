import { describe, expect, test } from "vitest";
import { emptyRecord } from "../../../runner/stack/engine-events.ts";
import { explainFailure, failedStep } from "../../../runner/stack/failure.ts";
import { service } from "./services.ts";

const services = [service("ui"), service("cart")];
const urnOf = (name: string) => `urn:pulumi:dev::p::docker-build:index:Image::${name}`;

/** A record in which builds failed: resource name → its log and the engine's error. */
function failed(builds: Record<string, { log?: readonly string[]; error: string }>) {
  const record = emptyRecord();
  for (const [name, { log = [], error }] of Object.entries(builds)) {
    record.logs.set(urnOf(name), [...log]);
    record.errors.push({ urn: urnOf(name), message: error });
  }
  record.errors.push({ urn: "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", message: "update failed" });
  return explainFailure(record, services, "", "Pulumi.dev.yaml");
}

const log = [
  "#3 importing cache manifest from registry/cache:ui-linux-amd64",
  "#3 ERROR: failed to configure registry cache importer: not found",
  "#5 [1/3] RUN echo before",
  "#5 0.424 before",
  "#5 DONE 0.5s",
  "#6 [2/3] RUN make all",
  "#6 0.329 cc -c one.c",
  "#6 0.400 one.c:3: error: x undeclared",
  '#6 ERROR: process "/bin/sh -c make all" did not complete successfully: exit code: 2',
];
const error = 'failed to solve: process "/bin/sh -c make all" did not complete successfully: exit code: 2';

describe("a build that fails", () => {
  test("is told with the Dockerfile, the step and what that step wrote", () => {
    const { problems, worthAnotherAttempt } = failed({ "ui-linux-amd64": { log, error } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: "build-failed", where: "services/ui/Dockerfile" });
    expect(problems[0]?.message).toBe(
      [
        "building ui for linux/amd64 failed in [2/3] RUN make all (exit code: 2)",
        "    | cc -c one.c",
        "    | one.c:3: error: x undeclared",
      ].join("\n"),
    );
    expect(worthAnotherAttempt).toBe(false);
  });

  test("on two platforms is told once", () => {
    const { problems } = failed({
      "ui-linux-amd64": { log, error },
      "ui-linux-arm64": { log: log.slice(0, -2), error },
    });
    expect(problems.map(({ message }) => message.split("\n")[0])).toEqual([
      "building ui for linux/amd64 and linux/arm64 failed in [2/3] RUN make all (exit code: 2)",
    ]);
  });

  test("in two services is told twice", () => {
    expect(
      failed({ "ui-linux-amd64": { log, error }, "cart-linux-amd64": { log, error } }).problems,
    ).toHaveLength(2);
  });

  test.each([
    ["disk-full", "failed to solve: write /var/lib/buildkit/x: no space left on device", false],
    ["push-refused", "failed to push r/ui: unexpected status: 403 Forbidden", false],
    ["push-refused", "denied: User is not authorized to perform ecr:InitiateLayerUpload", false],
    ["push-refused", "failed to solve: failed to push r/shop/ui: denied", false],
    ["push-refused", "failed to push r/shop/ui: unauthorized: authentication required", false],
    ["push-refused", "failed to push r/ui: unexpected status: 401 Unauthorized", false],
    ["push-refused", "failed to authorize: no basic auth credentials", false],
    ["push-refused", "denied: Your authorization token has expired. Reauthenticate and try again.", true],
    ["missing-builder", 'new builder: no builder "nobody" found', false],
    ["platform-not-buildable", "exec format error", false],
    ["registry-unreachable", "failed to do request: dial tcp 127.0.0.1:9: connect: connection refused", true],
    ["build-failed", "failed to solve: dockerfile parse error on line 3: unknown instruction: FORM", false],
    ["build-failed", 'failed to solve: target stage "prod" could not be found', false],
    [
      "build-failed",
      "failed to solve: node:0: failed to resolve source metadata for node:0: not found",
      false,
    ],
    [
      "build-failed",
      'failed to compute cache key: failed to calculate checksum of ref x: "/a": not found',
      false,
    ],
    ["build-failed", "failed to copy: httpReadSeeker: failed open: connection reset by peer", true],
  ])("as %s when BuildKit says: %s", (code, message, again) => {
    const { problems, worthAnotherAttempt } = failed({ "ui-linux-amd64": { error: message } });
    expect(problems[0]?.code).toBe(code);
    expect(worthAnotherAttempt).toBe(again);
  });
});

test("a failed import of the cache is not the step that failed", () => {
  expect(failedStep([...log.slice(0, 8), error])?.title).toBe("[2/3] RUN make all");
  expect(failedStep(log.slice(0, 2))).toBeUndefined();
  expect(failedStep([error])?.title).toBe("RUN make all");
});

test("another resource's failure names it; nothing at all is answered with what the engine printed", () => {
  const record = emptyRecord();
  record.errors.push({ urn: "urn:pulumi:dev::p::aws:sns/topic:Topic::alerts", message: "AccessDenied: no" });
  expect(explainFailure(record, services, "", "Pulumi.dev.yaml").problems[0]).toEqual({
    code: "update-failed",
    where: "aws:sns/topic:Topic alerts",
    message: "AccessDenied: no",
  });
  expect(
    explainFailure(emptyRecord(), services, "error: it broke", "Pulumi.dev.yaml").problems[0]?.message,
  ).toContain("it broke");
});
