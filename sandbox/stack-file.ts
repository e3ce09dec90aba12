import { readFile, rename, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { parseDocument, stringify } from "yaml";
import { z } from "zod";
import { ecrEndpoint, type SandboxState } from "./state.ts";

/** Name of the stack that is the sandbox. */
export const sandboxStack = "sandbox";

/** AWS's services that program, runner or stand-in call, by the names that `aws:endpoints` has for them. */
const services = [
  "batch",
  "cloudwatch",
  "codebuild",
  "ec2",
  "ecr",
  "ecs",
  "elbv2",
  "events",
  "iam",
  "inspector2",
  "kms",
  "lambda",
  "logs",
  "resourcegroupstaggingapi",
  "scheduler",
  "secretsmanager",
  "sns",
  "sqs",
  "ssm",
  "sts",
];

/** What a team would choose for a stack like this; changed ones in the file are kept. */
const choices = {
  "slipway:repositories": { prefix: "shop", tagMutability: "immutable", forceDelete: true },
  "slipway:retention": { preset: "releases" },
  "slipway:scanning": { mode: "basic" },
  "slipway:tags": ["{sha7}", "latest"],
};

/** Settings that depend on the addresses of the sandbox's parts; each `up` writes them. */
function whereItIs(projectDirectory: string, state: SandboxState): Record<string, unknown> {
  return {
    "aws:region": state.region,
    "aws:allowedAccountIds": [state.account],
    "aws:endpoints": [
      {
        ...Object.fromEntries(services.map((service) => [service, state.endpoint])),
        ecr: ecrEndpoint(state),
      },
    ],
    "aws:skipCredentialsValidation": true,
    "aws:skipMetadataApiCheck": true,
    "aws:skipRegionValidation": true,
    "slipway:environment": {
      file: relative(projectDirectory, state.environmentFile).split(sep).join("/"),
    },
    "slipway:registry": state.registry,
    "slipway:builder": { kind: "buildx", name: state.builder },
    // The registry by its placeholder: its port must not be part of an image's source.
    "slipway:baseImages": Object.fromEntries(
      Object.entries(state.baseImages).map(([from, to]) => [from, to.replace(state.registry, "${registry}")]),
    ),
  };
}

/**
 * Writes Pulumi.sandbox.yaml beside a Pulumi.yaml. Git does not keep it: it holds this machine's ports.
 * Settings that do not follow from the sandbox, and what the engine has written into it, stay.
 */
export async function writeSandboxStack(projectDirectory: string, state: SandboxState): Promise<string> {
  const file = join(projectDirectory, `Pulumi.${sandboxStack}.yaml`);
  const before = written.safeParse(parseDocument(await readFile(file, "utf8").catch(() => "")).toJS());
  const { config = {}, ...others } = before.data ?? {};
  const now = { ...choices, ...config, ...whereItIs(projectDirectory, state) };
  await writeFile(`${file}.new`, comment + stringify({ config: now, ...others }));
  await rename(`${file}.new`, file);
  return file;
}

const comment = "# Each `slipway sandbox up` writes the addresses. You can change the rest.\n";
const written = z.looseObject({ config: z.record(z.string(), z.unknown()).optional() });
