import { writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { stringify } from "yaml";
import type { SandboxState } from "../state.ts";

/** Name of the stack that is the sandbox. */
export const sandboxStack = "sandbox";

/** AWS's services that program, runner or stand-in call, by the names that `aws:endpoints` has for them. */
const services = [
  "cloudwatch",
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
  "sns",
  "sqs",
  "sts",
];

/**
 * The sandbox as a stack's settings: what a team writes by hand for dev or prod. Pure.
 *
 * @param projectDirectory where Pulumi.yaml is; the environment file is named relative to it
 */
export function sandboxSettings(projectDirectory: string, state: SandboxState): Record<string, unknown> {
  return {
    "aws:region": state.region,
    "aws:allowedAccountIds": [state.account],
    "aws:endpoints": [Object.fromEntries(services.map((service) => [service, state.endpoint]))],
    "aws:skipCredentialsValidation": true,
    "aws:skipMetadataApiCheck": true,
    "aws:skipRegionValidation": true,
    "slipway:environment": {
      file: relative(projectDirectory, state.environmentFile).split(sep).join("/"),
    },
    "slipway:registry": state.registry,
    "slipway:builder": { kind: "buildx", name: state.builder },
    "slipway:baseImages": state.baseImages,
    "slipway:repositories": { prefix: "shop", tagMutability: "immutable", forceDelete: true },
    "slipway:retention": { preset: "releases" },
    "slipway:scanning": { mode: "basic" },
    "slipway:tags": ["{sha7}", "latest"],
    "slipway:alarms": { storage: { gigabytes: 10 } },
  };
}

/** Writes Pulumi.sandbox.yaml beside a Pulumi.yaml. Git does not keep it: it holds this machine's ports. */
export async function writeSandboxStack(projectDirectory: string, state: SandboxState): Promise<string> {
  const file = join(projectDirectory, `Pulumi.${sandboxStack}.yaml`);
  const comment = "# Written by `slipway sandbox up`, anew each time.\n";
  await writeFile(file, comment + stringify({ config: sandboxSettings(projectDirectory, state) }));
  return file;
}
