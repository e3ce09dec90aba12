import { expect, test } from "vitest";
import {
  accessProblem,
  type GitFailure,
  withoutSecrets,
} from "../../../../runner/targets/gitops/repository/failure.ts";
import { remoteOf } from "../../../../runner/targets/gitops/repository/remote.ts";

const remote = remoteOf({ repository: "https://github.com/acme/deploy", branch: "main" }, "/project");
const failure = (stderr: string): GitFailure =>
  Object.assign(new Error("Command failed: git fetch"), { exitCode: 128, stdout: "", stderr });

test.each([
  ["fatal: couldn't find remote ref refs/heads/main\n", "branch-not-found"],
  [
    "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.\n",
    "repository-refused",
  ],
  ["Host key verification failed.\nfatal: Could not read from remote repository.\n", "repository-refused"],
  [
    "remote: Repository not found.\nfatal: repository 'https://github.com/acme/deploy/' not found\n",
    "repository-refused",
  ],
  ["fatal: Authentication failed for 'https://github.com/acme/deploy/'\n", "repository-refused"],
  [
    "fatal: could not read Username for 'https://github.com': terminal prompts disabled\n",
    "repository-refused",
  ],
  ["remote: HTTP Basic: Access denied\nfatal: Authentication failed\n", "repository-refused"],
  ["fatal: unable to access 'https://x/': The requested URL returned error: 403\n", "repository-refused"],
  ["fatal: unable to access 'https://x/': Could not resolve host: x\n", "repository-unreachable"],
  [
    "ssh: connect to host x port 22: Connection timed out\nfatal: Could not read from remote repository.\n",
    "repository-unreachable",
  ],
  [
    "fatal: unable to access 'https://x/': SSL certificate problem: unable to get local issuer certificate\n",
    "repository-unreachable",
  ],
  ["error: RPC failed; curl 56 Recv failure\nfatal: early EOF\n", "repository-unreachable"],
  ["fatal: something new\n", "repository-unreachable"],
])("git's %j is %s", (stderr, code) => {
  const { problems, exitCode } = accessProblem(remote, failure(stderr));
  expect(problems).toMatchObject([{ code, where: "acme/deploy, branch main", fix: expect.any(String) }]);
  expect(exitCode).toBe(1);
});

test("git's words are shown without tokens", () => {
  const said = "fatal: unable to access 'https://me:hunter2@host/x': token t0ken\n";
  const shown = accessProblem(remote, failure(said), ["t0ken"]).message;
  expect(shown).not.toMatch(/hunter2|t0ken/);
  expect(withoutSecrets("ssh://git@host/x", [])).toBe("ssh://git@host/x");
});
