import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../../..");

/** Names that requests of a client are signed with, where IAM's actions have the same. */
const services: Readonly<Record<string, string>> = {
  apprunner: "apprunner",
  batch: "batch",
  cloudwatch: "cloudwatch",
  "cloudwatch-logs": "logs",
  codebuild: "codebuild",
  ecr: "ecr",
  ecs: "ecs",
  "elastic-load-balancing-v2": "elasticloadbalancing",
  eventbridge: "events",
  iam: "iam",
  inspector2: "inspector2",
  kms: "kms",
  lambda: "lambda",
  sagemaker: "sagemaker",
  scheduler: "scheduler",
  "secrets-manager": "secretsmanager",
  ssm: "ssm",
  sts: "sts",
};

/** A call of the SDK in the runner. */
export interface RunnerCall {
  /** Prefix of IAM's actions: `ecs`. */
  readonly service: string;
  /** `UpdateService` */
  readonly call: string;
  /** Below runner/. */
  readonly file: string;
}

/** Every call of the SDK that code in runner/ makes, by the client that its file imports it from. */
export function callsOfTheRunner(): RunnerCall[] {
  const files = readdirSync(join(root, "runner"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(root, "runner", file), "utf8");
    if (!text.includes("@aws-sdk/")) return [];
    return [...text.matchAll(/\bnew ([A-Z]\w+)Command\(|\bpaginate([A-Z]\w+)\(/g)].map(
      ([, command, paginated]) => {
        const call = command ?? paginated ?? "";
        return { service: serviceOf(call, text), call, file };
      },
    );
  });
}

function serviceOf(call: string, text: string): string {
  const imports = text.matchAll(/\{([^{}]*)\} =? ?(?:from|await import\()\s*"@aws-sdk\/client-([\w-]+)"/g);
  const wanted = new RegExp(`\\b(${call}Command|paginate${call})\\b`);
  const client = [...imports].find(([, names = ""]) => wanted.test(names))?.[2] ?? "";
  return services[client] ?? "?";
}
