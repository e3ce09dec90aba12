import { vi } from "vitest";
import type { EcsTarget } from "../../../config/targets/ecs/target.ts";
import { notAsked } from "../../../runner/plan/newest-wins.ts";
import type { PlannedService } from "../../../runner/plan/plan.ts";
import { kinds } from "../../../runner/targets/kinds.ts";
import type { TargetOutcome, TargetPlan } from "../../../runner/targets/target.ts";
import type { SourceDescription } from "../../../source/describe.ts";
import { service } from "../stack/services.ts";

export const digest = `sha256:${"ab".repeat(32)}`;
export const registry = "111122223333.dkr.ecr.eu-central-1.amazonaws.com";

const emptyDescription: SourceDescription = {
  scheme: "test",
  dockerfile: "",
  baseImages: [],
  context: [],
  namedContexts: {},
  remoteContexts: {},
  needs: {},
  extraInputs: [],
  stage: null,
  arguments: {},
  secrets: [],
  platforms: [],
  salt: null,
};

/** A service that is built, tagged, and runs. */
export function inspected(name: string, changes: Partial<PlannedService> = {}): PlannedService {
  return {
    service: service(name),
    repository: `shop/${name}`,
    registry,
    source: { hash: "0123456789abcdef0123456789abcdef", files: 3, bytes: 2048 },
    description: emptyDescription,
    missingBases: [],
    isDirty: false,
    image: {
      service: name,
      repository: `shop/${name}`,
      registry,
      digest,
      manifests: { "linux/amd64": digest },
      sourceHash: "0123456789abcdef0123456789abcdef",
    },
    tagPlan: {
      tags: ["v1"],
      planned: [{ tag: "v1", format: "{version}", reason: "version v1, given", moves: false }],
      leftOut: [{ format: "pr-{pr}", reason: "not a pull request", because: "condition" }],
      problems: [],
    },
    tagCheck: { present: ["v1"], toPut: [], problems: [] },
    sourceProblems: [],
    gates: [],
    targets: [],
    newestRecord: undefined,
    newestWins: notAsked({ commit: undefined, command: "deploy", force: false }),
    problems: [],
    ...changes,
  };
}

export function targetPlan(name: string, changes: Partial<TargetPlan> = {}): TargetPlan {
  return {
    service: name,
    target: ecsTarget(name),
    title: `ecs shop/${name}`,
    action: "none",
    changes: [],
    problems: [],
    notes: [],
    state: undefined,
    ...changes,
  };
}

export function outcome(name: string, changes: Partial<TargetOutcome> = {}): TargetOutcome {
  return {
    service: name,
    title: `ecs shop/${name}`,
    kind: "ecs",
    outcome: "done",
    message: `${name}:2 runs`,
    milliseconds: 2100,
    ...changes,
  };
}

/** An ECS target as services.yaml has it with nothing but the names. */
export function ecsTarget(name: string): EcsTarget {
  return {
    kind: "ecs",
    cluster: "shop",
    service: name,
    container: name,
    containers: { [name]: name },
    timeoutSeconds: 900,
    order: 0,
    targetHealth: true,
  };
}

/** Has ECS targets do what a test says instead of calling AWS, up to the test's end. */
export function ecsDoes(methods: Readonly<Record<string, (...given: never[]) => unknown>>): void {
  for (const [name, method] of Object.entries(methods)) {
    vi.spyOn(kinds.ecs, name as "apply").mockImplementation(method as never);
  }
}
