import { serviceNamed } from "../../config/catalogue/by-name.ts";
import type { Service } from "../../config/catalogue/catalogue.ts";
import type { Problem } from "../../config/problems/errors.ts";
import { firstLine } from "../../config/problems/first-line.ts";
import type { EngineRecord } from "./engine-events.ts";
import { type ImagePart, imagePartOf, resourceOf } from "./resources.ts";

/** Why an update of the stack failed, and whether trying again can help. */
export interface UpdateFailure {
  readonly problems: readonly Problem[];
  /** False if a retry would fail again: a failing build step, a full disk, missing permissions. */
  readonly worthAnotherAttempt: boolean;
}

/** Lines of a build's output that are shown with its failure. */
const shownLines = 15;

/**
 * Finds the cause of a failure in the engine's events.
 *
 * @param text the engine's output, if it reported no event
 * @param settingsFile file of the stack's settings
 */
export function explainFailure(
  record: EngineRecord,
  services: readonly Service[],
  text: string,
  settingsFile: string,
): UpdateFailure {
  const causes = record.errors.filter(({ message }) => !/^update failed$/i.test(message.trim()));
  const found = causes.map(({ urn, message }) => {
    const part = urn === undefined ? undefined : imagePartOf(urn, services);
    const log = (urn === undefined ? undefined : record.logs.get(urn)) ?? [];
    if (part === undefined) return otherFailure(urn, message);
    return missingBuilder(message, settingsFile) ?? buildFailure(part, message, log, services);
  });
  const distinct = joinSame(found);
  if (distinct.length === 0) {
    const lines = text.trim().split("\n").slice(-shownLines).join("\n");
    return {
      problems: [{ code: "update-failed", message: `the stack update failed:\n${lines}` }],
      worthAnotherAttempt: false,
    };
  }
  return {
    problems: distinct.map(({ problem }) => problem),
    worthAnotherAttempt: distinct.every(({ again }) => again),
  };
}

/** What BuildKit says of a Dockerfile, a context or a base image that is not there: the same at each attempt. */
const finalRefusal =
  /dockerfile parse error|failed to (?:read|parse) dockerfile|unknown instruction|target stage .* could not be found|circular dependency|invalid reference format|pull access denied|manifest unknown|failed to (?:resolve source metadata|compute cache key|calculate checksum)[^\n]*not found/i;

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
  const service = serviceNamed(services, part.service);
  const where = service?.dockerfile ?? part.service;
  const all = [...log, message].join("\n");
  if (/no space left on device/i.test(all)) {
    return {
      problem: {
        code: "disk-full",
        where,
        message: `building ${what} failed: no space left on device`,
        fix: "free some space in BuildKit's data directory (docker buildx prune), and run the command again",
      },
      again: false,
    };
  }
  const denied =
    /(?<=failed to push [^\n]*: )(?:denied|unauthorized)[^\n]*|denied:[^\n]*|403 Forbidden|401 Unauthorized|no basic auth credentials|insufficient_scope[^\n]*|tag '[^']*' is immutable|TAG_INVALID[^\n]*/i.exec(
      all,
    );
  if (denied !== null) {
    return {
      problem: {
        code: "push-refused",
        where: service?.repository ?? part.service,
        message: `the registry refused the push of ${what}: ${denied[0].trim()}`,
        fix: "check that the role may push to the repository (ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload, ecr:PutImage)",
      },
      // Only a token that has run out is another one at the next attempt.
      again: /token.*expired|expired.*token/i.test(denied[0]),
    };
  }
  const step = failedStep([...log, message]);
  if (step !== undefined) {
    const reason = /did not complete successfully: (exit code: \d+|[^\n]*)/.exec(all)?.[1];
    return {
      problem: {
        code: "build-failed",
        where,
        message: `building ${what} failed in ${step.title}${reason === undefined ? "" : ` (${reason})`}${lastLines(step.lines)}`,
        fix: "fix that step or its inputs, and run the command again",
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
        fix: "use a builder with a node for that platform (slipway:builder), or install emulation on this machine; see slipway doctor",
      },
      again: false,
    };
  }
  if (/connection refused|no such host|i\/o timeout/i.test(message)) {
    return {
      problem: {
        code: "registry-unreachable",
        where,
        message: `building ${what} failed: ${message.trim()}`,
        fix: "check that the registry in the message is right (slipway:registry, FROM in the Dockerfile) and that the builder can reach it; see slipway doctor",
      },
      again: true,
    };
  }
  return {
    problem: {
      code: "build-failed",
      where,
      message: `building ${what} failed: ${message.trim()}${lastLines(log)}`,
    },
    again: !finalRefusal.test(message),
  };
}

/**
 * The step of the Dockerfile that failed, with its place among the steps (`[2/3] RUN make`), and what
 * it wrote. BuildKit numbers what it does: `#6 [2/3] RUN make`, `#6 0.329 one`, `#6 ERROR: …`.
 */
export function failedStep(
  log: readonly string[],
): { readonly title: string; readonly lines: readonly string[] } | undefined {
  const run = /process "(?:\/bin\/sh -c )?(.+?)" did not complete successfully/.exec(log.join("\n"))?.[1];
  const headers = log.flatMap((line) => {
    const [, number, title] = /^#(\d+) (\[(?!internal|context|auth)[^\]]*\] .+)$/.exec(line) ?? [];
    return number === undefined || title === undefined ? [] : [{ number, title: title.trim() }];
  });
  const erroneous = log.flatMap((line) => /^#(\d+) ERROR/.exec(line)?.[1] ?? []);
  // BuildKit also reports a failed cache import as an ERROR, so prefer failed steps.
  const header =
    headers.findLast(({ title }) => run !== undefined && title.endsWith(run)) ??
    headers.findLast(({ number }) => erroneous.includes(number));
  if (header === undefined) return run === undefined ? undefined : { title: `RUN ${run}`, lines: log };
  const prefix = `#${header.number} `;
  const lines = log
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length).replace(/^\d+\.\d+ /, ""))
    .filter((line) => !line.startsWith("[") && !/^(?:ERROR|DONE|CACHED|CANCELED)\b/.test(line));
  return { title: header.title, lines };
}

/** Merges the same failure on several platforms, and keeps the longest output. */
function joinSame(found: readonly Explained[]): Explained[] {
  const joined = new Map<string, Explained & { readonly titles: readonly string[] }>();
  for (const one of found) {
    const title = firstLine(one.problem.message);
    const key = JSON.stringify([
      one.problem.code,
      one.problem.where,
      title.replace(/ for linux\/[^\s:]+/, ""),
    ]);
    const before = joined.get(key);
    const titles = [...new Set([...(before?.titles ?? []), title])];
    const longer =
      before !== undefined && before.problem.message.length > one.problem.message.length ? before : one;
    joined.set(key, { ...longer, again: one.again && (before?.again ?? true), titles });
  }
  return [...joined.values()].map(({ problem, again, titles }) => {
    const platforms = titles.flatMap((title) => / for (linux\/[^\s:]+)/.exec(title)?.[1] ?? []);
    const message = problem.message.replace(/ for linux\/[^\s:]+/, ` for ${platforms.join(" and ")}`);
    return { problem: platforms.length > 1 ? { ...problem, message } : problem, again };
  });
}

function lastLines(log: readonly string[]): string {
  const lines = log.filter((line) => line.trim() !== "").slice(-shownLines);
  return lines.map((line) => `\n    | ${line}`).join("");
}

function missingBuilder(message: string, settingsFile: string): Explained | undefined {
  const name = /no builder "([^"]*)" found/.exec(message)?.[1];
  if (name === undefined) return undefined;
  return {
    problem: {
      code: "missing-builder",
      where: settingsFile,
      key: "slipway:builder",
      value: name,
      message: "this buildx builder does not exist on this machine",
      fix: "create it (docker buildx create --name …), or choose one from docker buildx ls",
    },
    again: false,
  };
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
