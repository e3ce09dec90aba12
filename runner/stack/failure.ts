import type { Service } from "../../config/catalogue.ts";
import type { Problem } from "../../config/errors.ts";
import type { EngineRecord } from "./engine-events.ts";
import { type ImagePart, imagePartOf, resourceOf } from "./resources.ts";

/** Why an update of the stack failed, and whether trying again can help. */
export interface UpdateFailure {
  readonly problems: readonly Problem[];
  /** False when the same would happen again: a build step that fails, a full disk, missing rights. */
  readonly worthAnotherAttempt: boolean;
}

/** Lines of a build's output that are shown with its failure. */
const shownLines = 15;

/**
 * What went wrong, out of what the engine reported. Pure.
 *
 * @param text what the engine printed, for when it reported nothing
 */
export function explainFailure(
  record: EngineRecord,
  services: readonly Service[],
  text: string,
): UpdateFailure {
  const causes = record.errors.filter(({ message }) => !/^update failed$/i.test(message.trim()));
  const found = causes.map(({ urn, message }) => {
    const part = urn === undefined ? undefined : imagePartOf(urn, services);
    const log = (urn === undefined ? undefined : record.logs.get(urn)) ?? [];
    return part === undefined ? otherFailure(urn, message) : buildFailure(part, message, log, services);
  });
  const distinct = found.filter(
    ({ problem }, index) =>
      found.findIndex((other) => JSON.stringify(other.problem) === JSON.stringify(problem)) === index,
  );
  if (distinct.length === 0) {
    const lines = text.trim().split("\n").slice(-shownLines).join("\n");
    return {
      problems: [{ code: "update-failed", message: `the update of the stack failed:\n${lines}` }],
      worthAnotherAttempt: false,
    };
  }
  return {
    problems: distinct.map(({ problem }) => problem),
    worthAnotherAttempt: distinct.every(({ again }) => again),
  };
}

interface Explained {
  readonly problem: Problem;
  readonly again: boolean;
}

function buildFailure(
  part: ImagePart,
  message: string,
  log: readonly string[],
  services: readonly Service[],
): Explained {
  const what =
    part.kind === "build" ? `${part.service} for ${part.platform}` : `the index of ${part.service}`;
  const service = services.find(({ name }) => name === part.service);
  const where = service?.dockerfile ?? part.service;
  const all = [...log, message].join("\n");
  if (/no space left on device/i.test(all)) {
    return {
      problem: {
        code: "disk-full",
        where,
        message: `building ${what} failed: no space left on device`,
        fix: "free some space where BuildKit keeps its data (docker buildx prune), and run it again",
      },
      again: false,
    };
  }
  const denied =
    /denied:[^\n]*|403 Forbidden|401 Unauthorized|no basic auth credentials|insufficient_scope[^\n]*|tag '[^']*' is immutable|TAG_INVALID[^\n]*/i.exec(
      all,
    );
  if (denied !== null) {
    return {
      problem: {
        code: "push-refused",
        where: service?.repository ?? part.service,
        message: `the registry refused what was pushed for ${what}: ${denied[0].trim()}`,
        fix: "check that the role may push to the repository (ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload, ecr:PutImage)",
      },
      again: /401|no basic auth/i.test(denied[0]),
    };
  }
  const step = failedStep(all);
  if (step !== undefined) {
    const reason = /(?:did not complete successfully: )?(exit code: \d+)/.exec(all)?.[1];
    return {
      problem: {
        code: "build-failed",
        where,
        message: `building ${what} failed in ${step}${reason === undefined ? "" : ` (${reason})`}${lastLines(log)}`,
        fix: "mend that step, or what it reads, and run it again",
      },
      again: false,
    };
  }
  if (
    /no match for platform|does not support platform|exec format error|unsupported platform|no builder .*platform/i.test(
      all,
    )
  ) {
    return {
      problem: {
        code: "platform-not-buildable",
        where,
        message: `the builder can't build ${what}: ${firstLine(message)}`,
        fix: "use a builder with a node for that platform (slipway:builder), or emulation on this machine; see slipway doctor",
      },
      again: false,
    };
  }
  return {
    problem: {
      code: "build-failed",
      where,
      message: `building ${what} failed: ${message.trim()}${lastLines(log)}`,
    },
    again: true,
  };
}

/**
 * The step of the Dockerfile that failed, with its place among the steps: `[2/3] RUN make`. BuildKit
 * numbers what it does, and says what a number is before it says that it failed.
 */
export function failedStep(log: string): string | undefined {
  const number = /^#(\d+) ERROR/m.exec(log)?.[1];
  const named =
    number === undefined ? undefined : new RegExp(`^#${number} (\\[[^\\n]+)$`, "m").exec(log)?.[1];
  if (named !== undefined) return named.trim();
  const run = /process "(?:\/bin\/sh -c )?(.+?)" did not complete successfully/.exec(log)?.[1];
  return run === undefined ? undefined : `RUN ${run}`;
}

function lastLines(log: readonly string[]): string {
  const lines = log.filter((line) => line.trim() !== "").slice(-shownLines);
  return lines.length === 0 ? "" : `; its last lines:\n${lines.map((line) => `    ${line}`).join("\n")}`;
}

function otherFailure(urn: string | undefined, message: string): Explained {
  const resource = urn === undefined ? undefined : resourceOf(urn);
  const text = message.trim();
  const where = resource === undefined ? undefined : `${resource.type} ${resource.name}`;
  const again =
    /timeout|timed out|connection (?:reset|refused)|TLS handshake|temporar|ThrottlingException|i\/o timeout|EOF$/i.test(
      text,
    );
  return {
    problem: { code: "update-failed", ...(where !== undefined && { where }), message: text },
    again,
  };
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
