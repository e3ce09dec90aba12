import { execa } from "execa";
import { UserError } from "../../../config/problems/errors.ts";
import { readRevision } from "../../git/revision.ts";
import type { Check } from "./document.ts";
import { refused, unlessRefused } from "./refused.ts";

/** The oldest Node.js that runs TypeScript without a compile step. */
const oldestNode = [22, 18] as const;

export async function checkNode(version = process.versions.node): Promise<Check> {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const enough = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  return enough
    ? { name: "node", state: "ok", message: version }
    : {
        name: "node",
        state: "fail",
        message: `${version} can't run TypeScript`,
        fix: `install Node.js ${oldestNode.join(".")} or newer`,
      };
}

export async function checkGit(directory: string, signal: AbortSignal): Promise<Check> {
  const found = await runTool("git", ["--version"], signal);
  if (found === undefined) {
    return {
      name: "git",
      state: "warn",
      message: "git is not installed, so Slipway skips tags that need a commit",
      fix: "install git",
    };
  }
  const revision = await readRevision(directory).catch(unlessRefused);
  if (revision instanceof UserError) return refused("git", revision);
  if (revision === undefined) {
    return {
      name: "git",
      state: "warn",
      message: "there is no commit here, so Slipway skips tags that need one",
    };
  }
  const { commit, branch } = revision;
  return { name: "git", state: "ok", message: `${branch ?? "no branch"} at ${commit.slice(0, 8)}` };
}

export async function checkPulumi(signal: AbortSignal): Promise<Check> {
  const version = await runTool("pulumi", ["version"], signal);
  return version === undefined
    ? {
        name: "pulumi",
        state: "fail",
        message: "the Pulumi CLI is not on the PATH",
        fix: "install it: https://www.pulumi.com/docs/install/",
      }
    : { name: "pulumi", state: "ok", message: version };
}

export async function checkLanguageHost(signal: AbortSignal): Promise<Check> {
  const found = await runTool("pulumi-language-nodejs", ["-h"], signal, { anyExit: true });
  return found === undefined
    ? {
        name: "language host",
        state: "fail",
        message: "pulumi-language-nodejs is not on the PATH",
        fix: "it comes with the Pulumi CLI: reinstall the CLI, or add its folder to the PATH",
      }
    : { name: "language host", state: "ok", message: "pulumi-language-nodejs" };
}

export async function checkDocker(signal: AbortSignal): Promise<Check> {
  const version = await runTool("docker", ["version", "--format", "{{.Server.Version}}"], signal);
  return version === undefined
    ? {
        name: "docker",
        state: "warn",
        message: "no Docker daemon responds; only a remote builder works without one",
        fix: "start Docker, set DOCKER_HOST, or use a remote builder (slipway:builder)",
      }
    : { name: "docker", state: "ok", message: `daemon ${version}` };
}

export async function checkBuildx(signal: AbortSignal): Promise<Check> {
  const version = await runTool("docker", ["buildx", "version"], signal);
  return version === undefined
    ? {
        name: "buildx",
        state: "fail",
        message: "docker buildx does not work",
        fix: "install Docker's buildx plugin",
      }
    : { name: "buildx", state: "ok", message: version.split(" ").slice(0, 2).join(" ") };
}

/** The output of a tool; undefined if it is missing, fails, or takes longer than ten seconds. */
export async function runTool(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
  options: { readonly anyExit?: boolean } = {},
): Promise<string | undefined> {
  const result = await execa(command, args, { reject: false, timeout: 10_000, cancelSignal: signal });
  signal.throwIfAborted();
  if (result.code === "ENOENT" || (result.failed && options.anyExit !== true)) return undefined;
  return result.stdout.trim();
}
