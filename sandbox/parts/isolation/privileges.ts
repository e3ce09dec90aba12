import { type Problem, UserError } from "../../../config/problems/errors.ts";

/** What decides whether the sandbox's daemons can be started here. */
export interface MachineFacts {
  readonly platform: NodeJS.Platform;
  readonly root: boolean;
  /** A Docker daemon of the machine answers. */
  readonly docker: boolean;
}

/** Everything that keeps the sandbox from coming up on a machine, with what to do. */
export function missingPrivileges({ platform, root, docker }: MachineFacts): readonly Problem[] {
  if (platform === "linux" && root) return [];
  if (platform !== "linux") {
    return [
      {
        code: "no-buildkit",
        message: `the sandbox runs BuildKit, which needs Linux; this is ${platform}`,
        fix: "run it in a Linux machine or container: docker run --privileged -it -v $PWD:/project -w /project node:24 ./slipway sandbox up",
      },
    ];
  }
  const noDocker: Problem = {
    code: "no-docker",
    message: "no Docker daemon answers, and only root can start one",
    fix: "start yours: sudo systemctl start docker (if it is not installed: sudo apt-get install docker.io), or run as root: sudo ./slipway sandbox up",
  };
  const noBuildkit: Problem = {
    code: "no-buildkit",
    message: "only root can start BuildKit",
    fix: "run as root: sudo ./slipway sandbox up",
  };
  return docker ? [noBuildkit] : [noDocker, noBuildkit];
}

/** @throws UserError with all that is missing */
export function requirePrivileges(docker: boolean): void {
  const root = process.getuid?.() === 0;
  const problems = missingPrivileges({ platform: process.platform, root, docker });
  if (problems.length > 0) throw new UserError(problems);
}
