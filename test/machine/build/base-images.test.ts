import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import { afterEach, expect, test } from "vitest";
import { type BaseReferences, digestsOfBases } from "../../../runner/bases/base-images.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { fakeContext } from "../../unit/targets/fakes.ts";

const digest = `sha256:${"1".repeat(64)}`;
const { signal } = new AbortController();
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A registry on this machine; its host and port. */
async function registry(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const digests = (bases: BaseReferences, own = "127.0.0.1:1") =>
  digestsOfBases(bases, { clients: fakeContext().clients, registry: own, signal });

test("a public registry is asked for a digest as anybody may, with the token that it hands to everybody", async () => {
  const asked: string[] = [];
  const host: string = await registry((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? "-"}`);
    if (request.url?.startsWith("/token")) return response.end(JSON.stringify({ token: "anybody" }));
    if (request.headers.authorization !== "Bearer anybody") {
      const realm = `http://${request.headers.host}/token`;
      return response
        .writeHead(401, {
          "www-authenticate": `Bearer realm="${realm}",service="s",scope="repository:a/b:pull"`,
        })
        .end();
    }
    return response.writeHead(200, { "docker-content-digest": digest }).end();
  });
  expect(await digests({ "a/b:1": `${host}/a/b:1` })).toEqual({ "a/b:1": digest });
  expect(asked).toEqual([
    "HEAD /v2/a/b/manifests/1 -",
    "GET /token?service=s&scope=repository%3Aa%2Fb%3Apull -",
    "HEAD /v2/a/b/manifests/1 Bearer anybody",
  ]);
});

test("the stack's own registry is asked with its credentials", async () => {
  const ecr = mockClient(ECRClient);
  ecr
    .on(GetAuthorizationTokenCommand)
    .resolves({ authorizationData: [{ authorizationToken: Buffer.from("AWS:secret").toString("base64") }] });
  const host = await registry((request, response) => {
    const expected = `Basic ${Buffer.from("AWS:secret").toString("base64")}`;
    const isOurs = request.headers.authorization === expected;
    response.writeHead(isOurs ? 200 : 401, isOurs ? { "docker-content-digest": digest } : {}).end();
  });
  expect(await digests({ base: `${host}/base:1` }, host)).toEqual({ base: digest });
  ecr.restore();
});

test("what no registry answers for is left out, and nothing fails of it", async () => {
  const host = await registry((_, response) => response.writeHead(404).end());
  const rejecting = await registry((_, response) =>
    response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end(),
  );
  expect(
    await digests({ gone: `${host}/gone:1`, ours: `${rejecting}/x:1`, down: "127.0.0.1:1/x:1", odd: "a b" }),
  ).toEqual({});
});
