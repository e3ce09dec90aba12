import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  BatchGetImageCommand,
  GetAuthorizationTokenCommand,
  ListImageReferrersCommand,
} from "@aws-sdk/client-ecr";
import type { AwsStub } from "aws-sdk-client-mock";
import { digestOf } from "../../../runner/registry/blob.ts";
import { awsError, notFound } from "./fixtures.ts";

type BatchGetImageInput = BatchGetImageCommand["input"];

interface Manifest {
  readonly mediaType: string;
  readonly text: string;
}

/** A registry in memory that speaks the distribution API over HTTP, and ECR's API about the same content. */
export interface OciRegistry {
  readonly host: string;
  /** `METHOD path`, in the order they came. */
  readonly requests: string[];
  /** `repository@digest` → bytes. */
  readonly blobs: Map<string, Buffer>;
  /** `repository@digest` → manifest. */
  readonly manifests: Map<string, Manifest>;
  /** `repository:tag` → digest. */
  readonly tags: Map<string, string>;
  /** Whether it keeps lists of referrers, as ECR does. */
  referrers: boolean;
  /** Answers this status to so many requests that are still to come. */
  fail(status: number, times: number): void;
  /** Called before a manifest is kept under a tag. */
  beforeTag: (repository: string, tag: string) => void;
  put(repository: string, text: string, mediaType: string, ...tags: readonly string[]): string;
  close(): Promise<void>;
}

export const token = Buffer.from("AWS:secret").toString("base64");

// biome-ignore lint/suspicious/noExplicitAny: the stub's own type parameters, which nothing here needs
export async function openOciRegistry(ecr: AwsStub<any, any, any>): Promise<OciRegistry> {
  const failures: number[] = [];
  const sessions = new Map<string, Buffer>();
  let started = 0;
  const registry: Omit<OciRegistry, "host" | "close"> & { host: string } = {
    host: "",
    requests: [],
    blobs: new Map(),
    manifests: new Map(),
    tags: new Map(),
    referrers: true,
    fail: (status, times) => failures.push(...new Array<number>(times).fill(status)),
    beforeTag: () => {},
    put: (repository, text, mediaType, ...tags) => {
      const digest = digestOf(text);
      registry.manifests.set(`${repository}@${digest}`, { mediaType, text });
      for (const tag of tags) registry.tags.set(`${repository}:${tag}`, digest);
      return digest;
    },
  };

  const answer = async (request: IncomingMessage) => {
    const url = new URL(request.url ?? "/", "http://registry");
    const path = decodeURIComponent(url.pathname);
    registry.requests.push(`${request.method} ${path}${url.search}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const failure = failures.shift();
    if (failure !== undefined) return { status: failure };
    if (request.headers.authorization !== `Basic ${token}`) return { status: 401 };
    const upload = /^\/v2\/(.+)\/blobs\/uploads\/(.*)$/.exec(path);
    if (upload !== null) {
      const [, repository = ""] = upload;
      const digest = url.searchParams.get("digest");
      const [mount, from] = [url.searchParams.get("mount"), url.searchParams.get("from")];
      const mounted = registry.blobs.get(`${from}@${mount}`);
      if (mounted !== undefined) {
        registry.blobs.set(`${repository}@${mount}`, mounted);
        return { status: 201 };
      }
      if (request.method === "PATCH") {
        const [, session = ""] = /session=(\d+)/.exec(url.search) ?? [];
        sessions.set(session, Buffer.concat([sessions.get(session) ?? Buffer.alloc(0), body]));
        return { status: 202, headers: { location: `${path}${url.search}` } };
      }
      if (digest === null)
        return {
          status: 202,
          headers: { location: `/v2/${repository}/blobs/uploads/x?session=${++started}` },
        };
      const begun = sessions.get(url.searchParams.get("session") ?? "") ?? Buffer.alloc(0);
      const whole = Buffer.concat([begun, body]);
      if (digestOf(whole) !== digest)
        return { status: 400, body: '{"errors":[{"code":"DIGEST_INVALID","message":"no"}]}' };
      registry.blobs.set(`${repository}@${digest}`, whole);
      return { status: 201 };
    }
    const [, repository = "", kind, reference = ""] =
      /^\/v2\/(.+)\/(blobs|manifests)\/(.+)$/.exec(path) ?? [];
    if (kind === "blobs") {
      const blob = registry.blobs.get(`${repository}@${reference}`);
      return blob === undefined ? { status: 404 } : { status: 200, body: blob };
    }
    const text = body.toString("utf8");
    const isTag = !reference.startsWith("sha256:");
    if (request.method === "HEAD" || request.method === "GET") {
      const digest = isTag ? registry.tags.get(`${repository}:${reference}`) : reference;
      const kept = registry.manifests.get(`${repository}@${digest}`);
      if (kept === undefined) return { status: 404 };
      const headers = { "docker-content-digest": digest, "content-type": kept.mediaType };
      return { status: 200, headers, body: kept.text };
    }
    if (isTag) registry.beforeTag(repository, reference);
    registry.put(repository, text, request.headers["content-type"] ?? "", ...(isTag ? [reference] : []));
    const { subject } = JSON.parse(text) as { subject?: { digest: string } };
    const taken = registry.referrers && subject !== undefined;
    return { status: 201, headers: taken ? { "oci-subject": subject.digest } : {} };
  };
  const server: Server = createServer((request, response) => {
    void answer(request).then(
      ({ status, headers, body }: { status: number; headers?: object; body?: Buffer | string }) => {
        response.writeHead(status, { ...headers });
        response.end(request.method === "HEAD" ? undefined : body);
      },
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  registry.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  ecr.on(GetAuthorizationTokenCommand).resolves({ authorizationData: [{ authorizationToken: token }] });
  ecr.on(BatchGetImageCommand).callsFake(async ({ repositoryName, imageIds = [] }: BatchGetImageInput) => {
    const images = [];
    const failures = [];
    for (const imageId of imageIds) {
      const digest = imageId.imageDigest ?? registry.tags.get(`${repositoryName}:${imageId.imageTag}`);
      const manifest = registry.manifests.get(`${repositoryName}@${digest}`);
      if (manifest === undefined) failures.push(...notFound.failures.map((one) => ({ ...one, imageId })));
      else {
        const { text: imageManifest, mediaType: imageManifestMediaType } = manifest;
        images.push({ imageId: { ...imageId, imageDigest: digest }, imageManifest, imageManifestMediaType });
      }
    }
    return { images, failures };
  });
  ecr.on(ListImageReferrersCommand).callsFake(async ({ repositoryName, subjectId }) => {
    if (!registry.referrers) throw awsError("InvalidAction");
    const referrers = [...registry.manifests].flatMap(([key, { text, mediaType }]) => {
      const { subject, artifactType, annotations } = JSON.parse(text) as Record<string, { digest?: string }>;
      const [repository, digest] = key.split("@");
      if (repository !== repositoryName || subject?.digest !== subjectId.imageDigest) return [];
      return [{ digest, mediaType, artifactType, size: text.length, annotations }];
    });
    return { referrers };
  });
  return Object.assign(registry, {
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
