import { describe, expect, test } from "vitest";
import { smokeSchema } from "../../../../config/targets/smoke.ts";
import type { Target } from "../../../../config/targets/target.ts";
import {
  judgeContainer,
  type Question,
  questionFor,
  tooLate,
} from "../../../../runner/commands/verify/health.ts";
import { ecsTarget } from "../../plan/samples.ts";

const check = smokeSchema.parse({ path: "/health", port: 8080 });
const http: Question = { kind: "http", port: 8080, check };
const container = (state: object = {}) => ({ State: { Status: "running", ExitCode: 0, ...state } });
const healthy = (Status: string, Output = "") => container({ Health: { Status, Log: [{ Output }] } });
const answered = (status: number, body = "") => ({ kind: "answered", status, body }) as const;

describe("how an image is asked", () => {
  const withSmoke = (smoke: object) => ({ ...ecsTarget("ui"), smoke }) as Target;
  const target = withSmoke(check);

  test.each([
    ["by its own HEALTHCHECK", true, [80], [target], true, { kind: "healthcheck" }],
    ["by the smoke check of a target", false, [80], [target], true, http],
    ["by nothing, when no target has one", false, [80], [ecsTarget("ui")], true, { kind: "running" }],
    ["by nothing, when Docker is on another machine", false, [80], [target], false, { kind: "running" }],
  ] as const)("%s", (_, hasHealthcheck, ports, targets, mayCall, question) => {
    expect(questionFor({ hasHealthcheck, ports }, targets, mayCall)).toEqual(question);
  });

  test("at the first port that it exposes, when the smoke check names none", () => {
    const smoke = smokeSchema.parse({});
    const question = questionFor({ hasHealthcheck: false, ports: [3000, 9000] }, [withSmoke(smoke)], true);
    expect(question).toMatchObject({ kind: "http", port: 3000 });
  });
});

describe("a started image", () => {
  test.each([
    [
      "is well when its HEALTHCHECK says so",
      { kind: "healthcheck" },
      healthy("healthy"),
      undefined,
      "ok",
      "healthy",
    ],
    [
      "is not well when it says unhealthy",
      { kind: "healthcheck" },
      healthy("unhealthy", "no route"),
      undefined,
      "fail",
      "no route",
    ],
    ["is not known while it starts", { kind: "healthcheck" }, healthy("starting"), undefined, undefined, ""],
    [
      "is well when it answers as it should",
      http,
      container(),
      answered(200),
      "ok",
      "GET /health on port 8080 answers 200",
    ],
    ["is asked again while it answers otherwise", http, container(), answered(503), undefined, ""],
    ["is asked again before it publishes its port", http, container(), undefined, undefined, ""],
    [
      "is not well when it ends",
      http,
      container({ Status: "exited", ExitCode: 3 }),
      undefined,
      "fail",
      "exit code 3",
    ],
    [
      "says that it lacked memory",
      http,
      container({ Status: "exited", ExitCode: 137, OOMKilled: true }),
      undefined,
      "fail",
      "memory",
    ],
  ] as const)("%s", (_, question, state, answer, expected, text) => {
    const verdict = judgeContainer(question, state, answer, 1);
    expect(verdict?.state).toBe(expected);
    expect(verdict?.message ?? "").toContain(text);
  });

  test("has to keep running where nothing else can be asked", () => {
    expect(judgeContainer({ kind: "running" }, container(), undefined, 1)).toBeUndefined();
    expect(judgeContainer({ kind: "running" }, container(), undefined, 6)).toMatchObject({ state: "ok" });
  });

  test("that takes too long says what it said last", () => {
    expect(tooLate({ kind: "healthcheck" }, healthy("starting"), undefined, 60).message).toBe(
      "it was not well after 60 s: its HEALTHCHECK still says starting",
    );
    expect(tooLate(http, container(), answered(503), 60).message).toContain("answered 503, not 200");
  });
});
