import prettyBytes from "pretty-bytes";
import { severities } from "../../../config/stack/gates.ts";
import type { PlatformScan } from "../../findings/finding.ts";
import { shortDigest } from "../../registry/image.ts";
import type { ValidatedRelease, ValidationCheck, ValidationDocument } from "./document.ts";
import type { PlatformContent, ReleaseFacts } from "./facts.ts";
import { repeatOfGate, repeatOfImage } from "./repeat.ts";

type Verdict = ValidationCheck["verdict"];
type NotChecked = ValidatedRelease["notChecked"][number];

/** What was found by one question: checks, and what was not checked. */
interface Found {
  readonly checks?: readonly ValidationCheck[];
  readonly notChecked?: readonly NotChecked[];
}

/** Puts together what was checked of a release. What was not asked is listed as such, and never passes. */
export function validate(facts: ReleaseFacts): ValidatedRelease {
  const { service, record, recordDigest } = facts;
  const { earlier: _, gates: _asked, ...release } = record;
  const found: readonly Found[] = [
    targets(facts),
    gates(facts),
    image(facts),
    ...configuration(facts),
    base(facts),
    findings(facts),
    evidence(facts),
    neverAsked(facts),
  ];
  const checks = found.flatMap((one) => one.checks ?? []);
  return {
    service: service.name,
    repository: record.image.repository,
    outcome: outcomeOfChecks(checks),
    release,
    ...(recordDigest === undefined ? {} : { record: recordDigest }),
    checks,
    notChecked: found.flatMap((one) => one.notChecked ?? []),
  };
}

/** The outcome of checks: the worst of them. Facts that nothing judges count for nothing. */
export function outcomeOfChecks(checks: readonly ValidationCheck[]): ValidationDocument["outcome"] {
  const has = (...wanted: readonly Verdict[]) => checks.some(({ verdict }) => wanted.includes(verdict));
  if (has("failed")) return "failed";
  if (has("overridden", "undecided")) return "exceptions";
  return has("passed") ? "passed" : "nothing checked";
}

function targets({ record, service }: ReleaseFacts): Found {
  const { stack } = record;
  if (record.targets.length === 0)
    return { notChecked: [{ check: "target", reason: "the release moved no target" }] };
  return {
    checks: record.targets.map(({ title, outcome, message, running }) => ({
      check: "target",
      about: title,
      verdict: outcome === "done" || outcome === "unchanged" ? "passed" : "failed",
      when: "deployment",
      evidence: [`${outcome}: ${message}`, ...(running === undefined ? [] : [`runs ${running}`])],
      repeat: `slipway status ${service.name} --stack ${stack}`,
    })),
  };
}

const verdicts: Readonly<Record<string, Verdict>> = {
  passed: "passed",
  failed: "failed",
  overridden: "overridden",
  undecided: "undecided",
};

function gates(facts: ReleaseFacts): Found {
  return {
    checks: facts.record.gates.flatMap(({ gate, verdict, message, target }): ValidationCheck[] => {
      const known = verdicts[verdict];
      if (known === undefined) return [];
      const repeat = repeatOfGate(gate, facts);
      return [
        {
          check: `gate: ${gate}`,
          ...(target === undefined ? {} : { about: target }),
          verdict: known,
          when: "deployment",
          evidence: message === undefined ? [] : [message],
          ...(repeat === undefined ? {} : { repeat }),
        },
      ];
    }),
  };
}

/** Gates that a run may ask of an image, and where a stack asks for them. */
const askable = {
  "clean tree": "slipway:deploy.requireCleanTree is not set",
  "newest wins": "no target was moved",
  findings: "slipway:gates.findings does not ask it",
  "image checks": "slipway:gates.image does not ask it",
  signed: "slipway:gates.signed is not set",
  "pre-flight": "no target was moved",
} as const;

function neverAsked({ record, gates: settings }: ReleaseFacts): Found {
  const asked = new Map(record.gates.map(({ gate, verdict, message }) => [gate, { verdict, message }]));
  return {
    notChecked: [
      ...Object.entries(askable).flatMap(([gate, reason]): NotChecked[] => {
        if (asked.has(gate)) return [];
        const isSet = settings !== undefined && gate in settings;
        return [{ check: `gate: ${gate}`, reason: isSet ? "the deployment did not ask it" : reason }];
      }),
      ...[...asked].flatMap(([gate, { verdict, message = "" }]): NotChecked[] =>
        verdict === "not checked" ? [{ check: `gate: ${gate}`, reason: message }] : [],
      ),
      { check: "multi-stage build", reason: "an image does not say how many stages its build had" },
      { check: "setuid programs and package managers", reason: "they would need a pull" },
    ],
  };
}

function image(facts: ReleaseFacts): Found {
  const { record, image: read, service } = facts;
  const repeat = repeatOfImage(facts);
  const { digest } = record.image;
  if ("reason" in read) {
    return {
      checks: [{ check: "image", verdict: "failed", when: "now", evidence: [digest, read.reason], repeat }],
    };
  }
  const parts = read.value.map(
    (one) => `${one.platform}: ${one.digest}, ${prettyBytes(one.bytes)} compressed, ${one.layers} layers`,
  );
  return {
    checks: [
      { check: "image", verdict: "passed", when: "now", evidence: [`in the registry: ${digest}`], repeat },
      {
        check: "platforms",
        verdict: "passed",
        when: "now",
        evidence: [`services.yaml asks for ${service.platforms.join(", ")}`, ...parts],
        repeat,
      },
    ],
  };
}

function configuration(facts: ReleaseFacts): readonly Found[] {
  const { contents } = facts;
  if ("reason" in contents) {
    return [
      {
        notChecked: ["user", "healthcheck", "secrets"].map((check) => ({ check, reason: contents.reason })),
      },
    ];
  }
  const of = (check: string, judge: (one: PlatformContent) => readonly [Verdict, string]): Found => ({
    checks: contents.value.map((one) => {
      const [verdict, text] = judge(one);
      const repeat = repeatOfImage(facts, one.platform);
      return { check, about: one.platform, verdict, when: "now", evidence: [text], repeat };
    }),
  });
  return [
    of("user", ({ content: { user } }) => {
      const [name = ""] = user.split(":");
      const isRoot = name === "" || name === "root" || /^0+$/.test(name);
      if (!isRoot) return ["passed", `USER ${user}`];
      return ["noted", user === "" ? "names no USER, so it runs as root" : `USER ${user} is root`];
    }),
    of("healthcheck", ({ content: { healthcheck } }) =>
      healthcheck === undefined
        ? ["noted", "has no HEALTHCHECK"]
        : ["passed", `HEALTHCHECK ${healthcheck.join(" ")}`],
    ),
    of("secrets in configuration and history", ({ secrets }) =>
      secrets.length === 0
        ? ["passed", "nothing in ENV, ARG, labels and history looks like a secret"]
        : ["noted", secrets.map(({ where, what }) => `${where} looks like ${what}`).join(", ")],
    ),
  ];
}

function base({ bases, service, record: { stack } }: ReleaseFacts): Found {
  if ("reason" in bases) return { notChecked: [{ check: "base image", reason: bases.reason }] };
  if (bases.value.length === 0)
    return { notChecked: [{ check: "base image", reason: "no digest of a base image was recorded" }] };
  return {
    checks: bases.value.map(({ reference, digest }) => ({
      check: "base image",
      about: reference,
      verdict: "passed",
      when: "deployment",
      evidence: [`its digest was recorded: ${digest}`],
      repeat: `slipway outdated ${service.name} --stack ${stack}`,
    })),
  };
}

/** What the registry has found by now. Nothing judges it here: the gate has, as the record says. */
function findings({ scans, service, record: { stack, image } }: ReleaseFacts): Found {
  if ("reason" in scans) return { notChecked: [{ check: "findings now", reason: scans.reason }] };
  const unknown = scans.value.flatMap(({ platform, result }) =>
    result.state === "unknown" ? [{ check: `findings now of ${platform}`, reason: result.reason }] : [],
  );
  const repeat = `slipway scan ${service.name} --stack ${stack} --image ${image.digest}`;
  const known = scans.value.flatMap((scan): ValidationCheck[] => {
    const text = countText(scan);
    if (text === undefined) return [];
    const { isClean, evidence } = text;
    const verdict = isClean ? "passed" : "noted";
    return [{ check: "findings now", about: scan.platform, verdict, when: "now", evidence, repeat }];
  });
  return { checks: known, notChecked: unknown };
}

function countText({ result, digest }: PlatformScan) {
  if (result.state === "unknown") return undefined;
  const counts = severities.flatMap((severity) => {
    const some = result.findings.filter((finding) => finding.severity === severity).length;
    return some === 0 ? [] : [`${some} ${severity}`];
  });
  const when = result.scannedAt === undefined ? "" : `, scanned ${result.scannedAt}`;
  const what = counts.length === 0 ? "no findings" : counts.join(", ");
  return {
    isClean: counts.length === 0,
    evidence: [`${what} (${result.source}${when})`, `scan of ${digest}`],
  };
}

/** What is attached to the image. */
function evidence({ evidence: read, service, record: { stack } }: ReleaseFacts): Found {
  const repeat = `slipway verify ${service.name} --evidence --stack ${stack}`;
  if ("reason" in read) return { notChecked: [{ check: "evidence", reason: read.reason }] };
  const { pieces, keys } = read.value;
  if (pieces.length === 0) {
    return { notChecked: [{ check: "evidence", reason: "nothing is attached to the image" }] };
  }
  const by = keys.length === 0 ? "no key of the stack's is known" : `checked with ${keys.join(", ")}`;
  return {
    checks: pieces.map(({ what, platform = "index", state, message, digest, subject }) => ({
      check: `evidence: ${what}`,
      about: platform,
      verdict: state === "verified" ? "passed" : state === "refused" ? "failed" : "noted",
      when: "now",
      evidence: [
        `${state}${message === undefined ? "" : `: ${message}`} (${by})`,
        `referrer ${shortDigest(digest)} of ${shortDigest(subject)}`,
      ],
      repeat,
    })),
  };
}
