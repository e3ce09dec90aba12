import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { releaseTag } from "../../config/names.ts";
import { keepTagsOf } from "../../runner/in-use/keep-tags.ts";
import * as answers from "./answers.ts";
import { historyOf, type Pushed } from "./history.ts";

/** An AWS account in which every service is built, tagged, recorded, and runs. */
export interface StandIn {
  readonly endpoint: string;
  /** Calls since the last time that this was asked, by API. */
  takeCalls(): Readonly<Record<string, number>>;
  /** The tag of each service's source, which its image then has. */
  setSources(hashes: Readonly<Record<string, string>>, commit: string): void;
  close(): void;
}

type Request = Readonly<Record<string, unknown>>;

/**
 * Answers on this machine as ECR, ECS and STS do, at once: what is measured is Slipway, and neither an
 * emulator nor a network. A local AWS would take half an hour to be given a thousand services.
 *
 * @param past manifests of each repository that were pushed over the last year, besides what runs
 */
export async function startStandIn(services: readonly string[], past = 0): Promise<StandIn> {
  let sources: Readonly<Record<string, string>> = {};
  let commit = "";
  let calls: Record<string, number> = {};
  const began = Math.floor(Date.now() / 1000);
  const histories = new Map<string, readonly Pushed[]>();
  const pastOf = (service: string): readonly Pushed[] => {
    const history = histories.get(service) ?? historyOf(service, past, began);
    histories.set(service, history);
    return history;
  };
  const nameOf = (repository: unknown) => String(repository).slice(answers.prefix.length + 1);

  const tagsOf = (service: string) => [
    ...(sources[service] === undefined ? [] : [`src-${sources[service]}`]),
    commit.slice(0, 7),
    "latest",
    keepTagsOf(answers.stack, `ecs ${answers.cluster}/${service}`).inUse,
  ];
  const batchGetImage = ({ repositoryName, imageIds }: Request) => {
    const service = nameOf(repositoryName);
    const asked = imageIds as { imageTag?: string; imageDigest?: string }[];
    const found = asked.map((imageId) => {
      const { imageTag = "" } = imageId;
      if (imageTag === releaseTag(answers.stack)) {
        const imageManifest = answers.newestRecord(service, commit);
        return { imageId: { imageTag, imageDigest: answers.image.digest }, imageManifest };
      }
      const imageDigest = imageId.imageDigest ?? answers.image.digest;
      const known =
        answers.manifests.get(imageDigest) ?? pastOf(service).find(({ digest }) => digest === imageDigest);
      const there = known !== undefined && (imageTag === "" || tagsOf(service).includes(imageTag));
      if (!there) return { imageId, failureCode: "ImageNotFound", failureReason: "not found" };
      const { text: imageManifest, mediaType: imageManifestMediaType } = known;
      return { imageId: { ...imageId, imageDigest }, imageManifest, imageManifestMediaType };
    });
    const failed = (one: object) => "failureCode" in one;
    return { images: found.filter((one) => !failed(one)), failures: found.filter(failed) };
  };
  const describeImages = ({ repositoryName, imageIds }: Request) => {
    const service = nameOf(repositoryName);
    const running = [...answers.manifests.keys()]
      .filter((_, index) => imageIds === undefined || index === 0)
      .map((digest) => ({
        digest,
        tags: digest === answers.image.digest ? tagsOf(service) : [],
        pushedAt: 1_777_888_000,
      }));
    const all = imageIds === undefined ? [...running, ...pastOf(service)] : running;
    return {
      imageDetails: all.map(({ digest, tags, pushedAt }) => ({
        imageDigest: digest,
        imageTags: tags,
        imagePushedAt: pushedAt,
        imageSizeInBytes: 2_000_000,
        imageStatus: "ACTIVE",
      })),
    };
  };
  const missing = (what: string, code: string) => ({
    __type: code,
    message: `${what} policy does not exist`,
  });
  const noPolicies: Readonly<Record<string, object>> = {
    GetLifecyclePolicy: missing("Lifecycle", "LifecyclePolicyNotFoundException"),
    GetRepositoryPolicy: missing("Repository", "RepositoryPolicyNotFoundException"),
  };
  const apis: Readonly<Record<string, (request: Request) => object>> = {
    BatchGetImage: batchGetImage,
    DescribeImages: describeImages,
    DescribeServices: ({ services: asked }) => ({
      services: (asked as string[]).map((one) => answers.ecsService(one.split("/").at(-1) ?? one)),
      failures: [],
    }),
    DescribeServiceRevisions: ({ serviceRevisionArns }) => ({
      serviceRevisions: (serviceRevisionArns as string[]).map(answers.serviceRevision),
      failures: [],
    }),
    DescribeTaskDefinition: ({ taskDefinition }) =>
      answers.taskDefinition(/([^/]+):\d+$/.exec(String(taskDefinition))?.[1] ?? ""),
    ListClusters: () => ({ clusterArns: [answers.clusterArn] }),
    ListServices: ({ nextToken = 0 }) => {
      const from = Number(nextToken);
      const more = from + 100 < services.length ? { nextToken: String(from + 100) } : {};
      return { serviceArns: services.slice(from, from + 100).map(answers.serviceArn), ...more };
    },
    ListTasks: () => ({ taskArns: [] }),
    ListTaskDefinitions: ({ familyPrefix }) => ({
      taskDefinitionArns: [answers.revisionArn(String(familyPrefix))],
    }),
  };
  const identity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::${answers.account}:user/bench</Arn><UserId>x</UserId><Account>${answers.account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;

  const server = createServer(async (request, response) => {
    const target = request.headers["x-amz-target"];
    const body = await text(request);
    const api = typeof target === "string" ? (target.split(".").at(-1) ?? "") : "";
    const name = api || (request.url?.includes("functions") ? "ListFunctions" : "GetCallerIdentity");
    calls[name] = (calls[name] ?? 0) + 1;
    if (name === "GetCallerIdentity") return response.end(identity);
    if (name === "ListFunctions") return response.end(JSON.stringify({ Functions: [] }));
    const answer = apis[name];
    const noPolicy = noPolicies[name];
    if (noPolicy !== undefined) {
      response.statusCode = 400;
      return response.end(JSON.stringify(noPolicy));
    }
    if (answer === undefined) {
      response.statusCode = 400;
      return response.end(JSON.stringify({ __type: "InvalidAction", message: `no answer to ${name}` }));
    }
    response.setHeader("content-type", "application/x-amz-json-1.1");
    return response.end(JSON.stringify(answer(JSON.parse(body) as Request)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    takeCalls: () => {
      const taken = calls;
      calls = {};
      return taken;
    },
    setSources: (hashes, head) => {
      sources = hashes;
      commit = head;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
