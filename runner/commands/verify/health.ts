import { type SmokeCheck, smokeSchema } from "../../../config/targets/smoke.ts";
import type { Target } from "../../../config/targets/target.ts";
import type { Answer } from "../../targets/smoke/ask.ts";
import { faultOf } from "../../targets/smoke/smoke.ts";
import type { ContainerState } from "./container.ts";

/** How a container is asked whether it is well. */
export type Question =
  /** Docker runs the image's own HEALTHCHECK. */
  | { readonly kind: "healthcheck" }
  /** The smoke check of one of the service's targets. */
  | { readonly kind: "http"; readonly port: number; readonly check: SmokeCheck }
  /** Nothing says how: it has to keep running. */
  | { readonly kind: "running" };

/** How an image ran. */
export interface RunVerdict {
  readonly state: "ok" | "fail";
  readonly message: string;
}

/** Time that a container has to keep running where nothing else can be asked. */
export const steadySeconds = 5;

/**
 * How to ask a container: by the image's HEALTHCHECK, else by the smoke check of a target in services.yaml, at its
 * port or at the first one that the image exposes.
 *
 * @param mayCall whether the container's ports answer here
 */
export function questionFor(
  image: { readonly hasHealthcheck: boolean; readonly ports: readonly number[] },
  targets: readonly Target[],
  mayCall: boolean,
): Question {
  if (image.hasHealthcheck) return { kind: "healthcheck" };
  const check = targets.flatMap((target) => smokeOf(target) ?? [])[0];
  const port = check?.port ?? image.ports[0];
  if (check === undefined || port === undefined || !mayCall) return { kind: "running" };
  return { kind: "http", port, check };
}

function smokeOf(target: Target): SmokeCheck | undefined {
  return "smoke" in target ? smokeSchema.safeParse(target.smoke).data : undefined;
}

/**
 * What a container's state and its answer say; undefined: not yet.
 *
 * @param answer what it answered to an HTTP request, if one was made
 * @param seconds since it was started
 */
export function judgeContainer(
  question: Question,
  { State: state }: Pick<ContainerState, "State">,
  answer: Answer | undefined,
  seconds: number,
): RunVerdict | undefined {
  if (state.Status !== "running" && state.Status !== "created") {
    const memory = state.OOMKilled === true ? ": it needed more memory than it may have" : "";
    const error = state.Error === undefined || state.Error === "" ? "" : `: ${state.Error}`;
    return { state: "fail", message: `it ended with exit code ${state.ExitCode}${memory}${error}` };
  }
  switch (question.kind) {
    case "healthcheck": {
      const status = state.Health?.Status;
      if (status === "healthy") return { state: "ok", message: "its HEALTHCHECK says healthy" };
      if (status !== "unhealthy") return undefined;
      const said = state.Health?.Log?.at(-1)?.Output?.trim().split("\n").at(-1) ?? "";
      return { state: "fail", message: `its HEALTHCHECK says unhealthy${said === "" ? "" : `: ${said}`}` };
    }
    case "http": {
      if (answer === undefined || faultOf(answer, question.check) !== undefined) return undefined;
      const { path, status } = question.check;
      return { state: "ok", message: `GET ${path} on port ${question.port} answers ${status}` };
    }
    case "running":
      return seconds < steadySeconds
        ? undefined
        : {
            state: "ok",
            message: `it still runs after ${steadySeconds} s; it has no HEALTHCHECK, and no target has a smoke check to ask`,
          };
  }
}

/** What to say of a container that was not well in time. */
export function tooLate(
  question: Question,
  { State: state }: Pick<ContainerState, "State">,
  answer: Answer | undefined,
  seconds: number,
): RunVerdict {
  const last =
    question.kind === "healthcheck"
      ? `its HEALTHCHECK still says ${state.Health?.Status ?? "nothing"}`
      : question.kind === "http"
        ? `GET ${question.check.path} on port ${question.port}: ${answer === undefined ? "was not asked" : (faultOf(answer, question.check) ?? "answers")}`
        : `it is ${state.Status}`;
  return { state: "fail", message: `it was not well after ${seconds} s: ${last}` };
}
