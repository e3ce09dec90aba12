import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { refreshScript } from "../../../../runner/commands/k8s/refresh-script.ts";

interface Call {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly type: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

let folder: string;
let server: Server;
let calls: Call[];
/** Namespaces in which the API server refuses. */
let refused: readonly string[];

async function read(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const part of request) body += String(part);
  return body;
}

/** An API server that takes what a server-side apply sends, behind a certificate of its own authority. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-renew-"));
  calls = [];
  refused = [];
  const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], {
    algorithm: "sha256",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
  });
  server = createServer({ key, cert }, async (request, response) => {
    const body = await read(request);
    const { method, url, headers } = request;
    calls.push({ method, url, type: headers["content-type"], authorization: headers.authorization, body });
    const isRefused = refused.some((namespace) => url?.includes(`/namespaces/${namespace}/`));
    response
      .writeHead(isRefused ? 403 : calls.length === 1 ? 201 : 200)
      .end(isRefused ? "secrets is forbidden" : "{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await Promise.all(["account", "home", "bin"].map((name) => mkdir(join(folder, name))));
  await writeFile(join(folder, "account/token"), "token-of-the-account");
  await writeFile(join(folder, "account/ca.crt"), cert);
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

/** Runs the script as the pod does, with an `aws` that is given. */
async function renew(aws = "printf pass-word") {
  await writeFile(join(folder, "bin/aws"), `#!/bin/sh\necho "$@" >> ${join(folder, "aws-calls")}\n${aws}\n`);
  await chmod(join(folder, "bin/aws"), 0o755);
  const env = {
    PATH: `${join(folder, "bin")}:${process.env.PATH}`,
    HOME: join(folder, "home"),
    ACCOUNT: join(folder, "account"),
    AWS_REGION: "eu-west-1",
    NAMESPACES: "shop billing",
    REGISTRY: "111122223333.dkr.ecr.eu-west-1.amazonaws.com",
    SECRET: "ecr-pull",
    KUBERNETES_SERVICE_HOST: "127.0.0.1",
    KUBERNETES_SERVICE_PORT: String((server.address() as AddressInfo).port),
  };
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile("sh", ["-eu", "-c", refreshScript], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe("what the CronJob runs", () => {
  test("applies the secret in each namespace, with a token that pods can pull with", async () => {
    expect(await renew()).toEqual({
      code: 0,
      stdout: "renewed shop/ecr-pull\nrenewed billing/ecr-pull\n",
      stderr: "",
    });
    expect(await readFile(join(folder, "aws-calls"), "utf8")).toBe("ecr get-login-password\n");
    expect(calls.map(({ method, url }) => `${method} ${url}`)).toEqual(
      ["shop", "billing"].map(
        (one) => `PATCH /api/v1/namespaces/${one}/secrets/ecr-pull?fieldManager=slipway&force=true`,
      ),
    );
    const [call] = calls;
    expect(call?.type).toBe("application/apply-patch+yaml");
    expect(call?.authorization).toBe("Bearer token-of-the-account");
    const secret = JSON.parse(call?.body ?? "") as {
      type: string;
      metadata: { annotations: Record<string, string> };
      data: Record<string, string>;
    };
    expect(secret.type).toBe("kubernetes.io/dockerconfigjson");
    expect(Date.parse(secret.metadata.annotations["slipway/renewed-at"] ?? "")).toBeGreaterThan(0);
    const config = Buffer.from(secret.data[".dockerconfigjson"] ?? "", "base64").toString("utf8");
    expect(JSON.parse(config)).toEqual({
      auths: {
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com": {
          username: "AWS",
          password: "pass-word",
          auth: Buffer.from("AWS:pass-word").toString("base64"),
        },
      },
    });
  });

  test("a namespace that refuses fails the run, and the others are renewed", async () => {
    refused = ["shop"];
    const { code, stdout, stderr } = await renew();
    expect(code).toBe(1);
    expect(stdout).toBe("renewed billing/ecr-pull\n");
    expect(stderr).toBe("could not renew shop/ecr-pull: HTTP 403: secrets is forbidden\n");
  });

  test("without a token of AWS it writes nothing", async () => {
    const { code } = await renew("echo 'Unable to locate credentials' >&2; exit 253");
    expect(code).toBe(253);
    expect(calls).toEqual([]);
    expect(await readdir(join(folder, "home"))).toEqual([]);
  });

  test("an API server with another certificate gets no token", async () => {
    await writeFile(join(folder, "account/ca.crt"), "");
    expect((await renew()).code).toBe(1);
    expect(calls).toEqual([]);
  });
});
