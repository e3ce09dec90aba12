import { execFileSync } from "node:child_process";
import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { expandVariables } from "../../../runner/stack/environment.ts";
import { dotenvText, exportLines, sandboxEnvironment } from "../../../sandbox/environment.ts";
import { sandboxFolder } from "../../../sandbox/folder.ts";
import { newState } from "../../../sandbox/open.ts";

const state = (root: string) => ({
  ...newState(sandboxFolder(root)),
  endpoint: "http://127.0.0.1:4100",
  registry: "localhost:4200",
});

const roots = ["/srv/project", "/srv/with space", "/srv/$HOME and `quotes'", "/srv/ü"];

describe("the environment of the sandbox", () => {
  it("keeps the user's own AWS, Docker and Pulumi out", () => {
    const variables = sandboxEnvironment(state("/srv/project"));
    for (const name of [
      ...["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_ENDPOINT_URL"],
      ...["DOCKER_CONFIG", "DOCKER_HOST", "BUILDX_CONFIG", "PULUMI_HOME", "PULUMI_BACKEND_URL"],
    ]) {
      expect(variables[name], name).toBeTruthy();
    }
    expect(Object.values(variables).join()).not.toContain("~");
  });

  it.each(roots)("reads back from its dotenv file as it was meant, in %s", (root) => {
    const variables = sandboxEnvironment(state(root));
    const read = Object.entries(parseEnv(dotenvText(variables))) as [string, string][];
    const parsed = expandVariables(read, { PATH: "/usr/bin" });
    const folder = sandboxFolder(root);
    expect(parsed.PULUMI_HOME).toBe(folder.pulumiHome);
    expect(parsed.DOCKER_CONFIG).toBe(folder.dockerConfig);
    expect(parsed.PATH).toBe(`${folder.programs}:/usr/bin`);
    expect(parsed.AWS_PROFILE).toBe("sandbox");
    expect(parsed.AWS_SESSION_TOKEN).toBe("");
  });

  it.each(roots)("reads back from a shell as it was meant, in %s", (root) => {
    const lines = exportLines(sandboxEnvironment(state(root)));
    const text = execFileSync("/bin/sh", ["-euc", `${lines}\nenv -0`], {
      encoding: "utf8",
      env: { PATH: "/usr/bin:/bin" },
    });
    const read = Object.fromEntries(
      text.split("\0").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    const folder = sandboxFolder(root);
    expect(read.PULUMI_HOME).toBe(folder.pulumiHome);
    expect(read.PATH).toBe(`${folder.programs}:/usr/bin:/bin`);
    expect(read.NO_PROXY).toBe("localhost,127.0.0.1,");
  });
});
