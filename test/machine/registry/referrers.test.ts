import { ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { registryUrl } from "../../../config/names.ts";
import { readArtifact } from "../../../runner/registry/artifact.ts";
import { blobOf } from "../../../runner/registry/blob.ts";
import { connectToRegistry } from "../../../runner/registry/connection.ts";
import { putBlob } from "../../../runner/registry/push.ts";
import {
  attachArtifact,
  listReferrers,
  referrersIndex,
  referrersTag,
} from "../../../runner/registry/referrers.ts";
import { mockClient } from "../../aws/mock-client.ts";
import { ecrOnly, manifestText, ociManifest, sha } from "../../unit/registry/fixtures.ts";
import { type OciRegistry, openOciRegistry } from "../../unit/registry/oci-registry.ts";

const ecr = mockClient(ECRClient);
const { signal } = new AbortController();
const clients = ecrOnly();
const repository = "shop/ui";
const type = "application/vnd.example.v1+json";

let registry: OciRegistry;
let subject: { mediaType: string; digest: string; size: number };

beforeEach(async () => {
  ecr.reset();
  registry = await openOciRegistry(ecr);
  const digest = registry.put(repository, manifestText, ociManifest);
  subject = { mediaType: ociManifest, digest, size: manifestText.length };
});

afterEach(() => registry.close());

const connect = () => connectToRegistry(clients, registry.host, signal);
const artifact = (text: string) => ({
  artifactType: type,
  content: blobOf(type, text),
  annotations: { note: text },
  subject,
});
const attach = (text: string) => attachArtifact(clients, connect(), repository, artifact(text));
const list = (artifactType?: string) =>
  listReferrers(clients, repository, subject.digest, artifactType, signal);

describe("the connection to a registry", () => {
  it("speaks HTTP to this machine only", () => {
    expect(registryUrl("localhost:5000")).toBe("http://localhost:5000/");
    expect(registryUrl("127.0.0.1:5000")).toBe("http://127.0.0.1:5000/");
    expect(registryUrl("111122223333.dkr.ecr.eu-west-1.amazonaws.com")).toMatch(/^https:/);
    expect(registryUrl("localhost.example.com")).toMatch(/^https:/);
  });

  it("fetches one token, and puts a blob once", async () => {
    const connection = connect();
    const blob = blobOf(type, "{}");
    await putBlob(connection, repository, blob);
    await putBlob(connection, repository, blob);
    expect(registry.blobs.get(`${repository}@${blob.digest}`)?.toString()).toBe("{}");
    expect(ecr.commandCalls(GetAuthorizationTokenCommand)).toHaveLength(1);
    expect(registry.requests.filter((request) => request.startsWith("PUT"))).toHaveLength(1);
  });

  it("tries again after a fault of the registry, and says which registry it was when that goes on", async () => {
    registry.fail(503, 2);
    await putBlob(connect(), repository, blobOf(type, "{}"));
    registry.fail(503, 10);
    await expect(putBlob(connect(), repository, blobOf(type, "[]"))).rejects.toThrow(
      `${registry.host}: unexpected response from the registry: HTTP 503`,
    );
  });

  it("never shows the token", async () => {
    registry.fail(403, 10);
    const error = await putBlob(connect(), repository, blobOf(type, "{}")).catch((thrown: Error) => thrown);
    expect(String(error)).toContain("the registry refused reading a blob");
    expect(JSON.stringify(error) + String(error)).not.toContain(Buffer.from("AWS:secret").toString("base64"));
  });
});

describe("attaching an artifact to an image", () => {
  it("leaves the list of referrers to a registry that keeps one", async () => {
    const { digest, keeper } = await attach("one");
    expect(keeper).toBe("registry");
    expect(registry.tags.size).toBe(0);
    const { referrers } = await list(type);
    expect(referrers).toMatchObject([{ digest, artifactType: type, annotations: { note: "one" } }]);
    expect(readArtifact(registry.manifests.get(`${repository}@${digest}`)?.text ?? "")?.content).toBe("one");
  });

  it("keeps the specification's tag where the registry can't", async () => {
    registry.referrers = false;
    const first = await attach("one");
    const second = await attach("two");
    await attach("two");
    expect(first.keeper).toBe("tag");
    expect([...registry.tags.keys()]).toEqual([`${repository}:${referrersTag(subject.digest)}`]);
    const { referrers, keeper } = await list();
    expect(keeper).toBe("tag");
    expect(referrers.map(({ digest }) => digest)).toEqual([first.digest, second.digest]);
    expect((await list("another/type")).referrers).toEqual([]);
  });

  it("adds what it lost to somebody who wrote the tag at the same time", async () => {
    registry.referrers = false;
    const other = { digest: sha("9"), mediaType: ociManifest, artifactType: "x/y", size: 3, annotations: {} };
    let times = 0;
    registry.beforeTag = (name, tag) => {
      if (times++ > 0) return;
      // The other's write comes after ours: ours is lost.
      queueMicrotask(() => registry.put(name, referrersIndex([other]), ociManifest, tag));
    };
    const { digest } = await attach("one");
    const { referrers } = await list();
    expect(referrers.map((one) => one.digest).sort()).toEqual([digest, other.digest].sort());
  });
});

describe("reading an artifact", () => {
  it("takes no content that is not what its digest says, and no image", async () => {
    const { digest } = await attach("one");
    const text = registry.manifests.get(`${repository}@${digest}`)?.text ?? "";
    const forged = text.replace(Buffer.from("one").toString("base64"), Buffer.from("two").toString("base64"));
    expect(forged).not.toBe(text);
    expect(readArtifact(forged)).toBeUndefined();
    expect(readArtifact(manifestText)).toBeUndefined();
  });
});
