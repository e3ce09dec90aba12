import { createHash } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { findImages, manifestsOf } from "../../../../infra/images/registry-images.ts";

const sha = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

const index = JSON.stringify({
  schemaVersion: 2,
  manifests: [
    { digest: sha("amd64"), platform: { os: "linux", architecture: "amd64" } },
    { digest: sha("arm64"), platform: { os: "linux", architecture: "arm64", variant: "v8" } },
    {
      digest: sha("attestation"),
      platform: { os: "unknown", architecture: "unknown" },
      annotations: { "vnd.docker.reference.type": "attestation-manifest" },
    },
  ],
});

const manifest = JSON.stringify({
  schemaVersion: 2,
  config: { digest: sha("config"), size: 1 },
  layers: [],
});

describe("the manifests of a service's platforms", () => {
  test.each([
    ["both", ["linux/amd64", "linux/arm64"], { "linux/amd64": sha("amd64"), "linux/arm64": sha("arm64") }],
    ["as the catalogue writes them", ["linux/arm64/v8"], { "linux/arm64/v8": sha("arm64") }],
    ["none when one is missing", ["linux/amd64", "linux/s390x"], undefined],
  ])("are read from an index: %s", (_, platforms, expected) => {
    expect(manifestsOf(index, sha(index), platforms)).toEqual(expected);
  });

  test("are the manifest itself when there is one platform only", () => {
    expect(manifestsOf(manifest, sha(manifest), ["linux/arm64"])).toEqual({ "linux/arm64": sha(manifest) });
    expect(manifestsOf(manifest, sha(manifest), ["linux/amd64", "linux/arm64"])).toBeUndefined();
  });

  test("are none in what is no image", () => {
    expect(manifestsOf("not JSON", sha("x"), ["linux/amd64"])).toBeUndefined();
    expect(manifestsOf("{}", sha("x"), ["linux/amd64"])).toBeUndefined();
  });
});

describe("a registry", () => {
  let server: Server | undefined;

  afterEach(() => {
    server?.close();
    server?.closeAllConnections();
  });

  async function serve(answer: (path: string, response: ServerResponse, authorization?: string) => void) {
    server = createServer((request, response) =>
      answer(request.url ?? "", response, request.headers.authorization),
    );
    const listening = server;
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    const { port } = listening.address() as AddressInfo;
    return { host: `127.0.0.1:${port}`, username: "AWS", password: "token" };
  }

  const wanted = (repository: string) => ({ repository, sourceHash: "abc", platforms: ["linux/amd64"] });

  test("is asked with the provider's token; what it lacks is undefined, in the order asked for", async () => {
    const seen = new Set<string | undefined>();
    const login = await serve((path, response, authorization) => {
      seen.add(authorization);
      if (path === "/v2/shop/ui/manifests/src-abc") response.end(index);
      else response.writeHead(404).end('{"errors":[{"code":"NAME_UNKNOWN"}]}');
    });
    expect(await findImages(login, [wanted("shop/new"), wanted("shop/ui")])).toEqual([
      undefined,
      {
        ref: `${login.host}/shop/ui:src-abc@${sha(index)}`,
        manifests: { "linux/amd64": sha("amd64") },
      },
    ]);
    expect([...seen]).toEqual([`Basic ${Buffer.from("AWS:token").toString("base64")}`]);
  });

  test("is asked sixteen things at once and no more, however many services there are", async () => {
    const open: ServerResponse[] = [];
    let asked = 0;
    const counts: number[] = [];
    const login = await serve((_, response) => {
      asked++;
      open.push(response);
      // As many as there will be: sixteen, or what is left.
      if (open.length < Math.min(16, 40 - counts.reduce((sum, count) => sum + count, 0))) return;
      counts.push(open.length);
      for (const one of open.splice(0)) one.end(index);
    });
    const services = Array.from({ length: 40 }, (_, number) => wanted(`shop/s${number}`));
    expect(await findImages(login, services)).toHaveLength(40);
    expect([asked, counts]).toEqual([40, [16, 16, 8]]);
  });

  test("is asked again after a fault of its own, and not after a refusal", async () => {
    let asked = 0;
    const login = await serve((path, response) => {
      asked++;
      if (path.includes("denied")) response.writeHead(403).end('{"errors":[{"code":"DENIED"}]}');
      else if (asked === 1) response.writeHead(503).end();
      else response.end(index);
    });
    expect((await findImages(login, [wanted("shop/ui")]))[0]).toBeDefined();
    expect(asked).toBe(2);
    await expect(findImages(login, [wanted("shop/denied")])).rejects.toMatchObject({
      message: expect.stringMatching(/shop\/denied.*HTTP 403.*DENIED[\s\S]*ecr:BatchGetImage/),
    });
    expect(asked).toBe(3);
  });
});
