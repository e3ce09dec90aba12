import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { ECSClient } from "@aws-sdk/client-ecs";
import type { Clients } from "../../../../runner/aws/clients.ts";
import { deviationsOf } from "../../../aws/exchange.ts";
import { noteDeviations } from "../../../aws/mock-client.ts";

type Answers = Readonly<Record<string, unknown>>;

/** A deployment in ECS's own words, from `answers/`. */
export interface Recording {
  readonly about: string;
  /** Operation → answer, at any time. */
  readonly always: Answers;
  /** What a look is answered, `times` times. */
  readonly looks: readonly (Answers & { readonly times: number })[];
}

export async function recording(name: string): Promise<Recording> {
  return JSON.parse(await readFile(join(import.meta.dirname, `answers/${name}.json`), "utf8")) as Recording;
}

interface RecordedServices {
  readonly services: readonly { readonly deployments: readonly { readonly status: string }[] }[];
}

/**
 * The recording with the rollout state of a rolling update in each deployment: AWS documents it for no
 * other strategy, and what it really sends there is not known.
 */
export function withRolloutStates(recorded: Recording): Recording {
  const stated = ({ services }: RecordedServices) => ({
    services: services.map(({ deployments, ...service }) => ({
      ...service,
      deployments: deployments.map((one) => ({
        ...one,
        rolloutState: one.status === "PRIMARY" && deployments.length > 1 ? "IN_PROGRESS" : "COMPLETED",
      })),
    })),
  });
  const looks = recorded.looks.map(({ DescribeServices, ...look }) =>
    DescribeServices === undefined
      ? look
      : { ...look, DescribeServices: stated(DescribeServices as RecordedServices) },
  );
  return { ...recorded, looks };
}

/**
 * A client that is answered from a recording, over the SDK's own serializers: each operation goes on to
 * its next answer by itself, and stays at the last.
 *
 * @param others answers of further operations
 */
export function answering({ always, looks }: Recording, others: Answers): ECSClient {
  const asked = new Map<string, number>();
  const sequence = looks.flatMap((look) => Array.from({ length: look.times }, () => look));
  const answerTo = (operation: string): unknown => {
    const fixed = { ...always, ...others }[operation];
    if (fixed !== undefined) return fixed;
    const times = asked.get(operation) ?? 0;
    asked.set(operation, times + 1);
    const answer = sequence[Math.min(times, sequence.length - 1)]?.[operation];
    if (answer === undefined) throw new Error(`the recording has no answer to ${operation}`);
    return answer;
  };
  return new ECSClient({
    region: "eu-west-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    requestHandler: {
      handle: async (request: { headers: Record<string, string>; body: string }) => {
        const { headers } = request;
        const operation = (headers["x-amz-target"] ?? "").split(".").at(-1) ?? "";
        const text = JSON.stringify(answerTo(operation));
        const answered = { "content-type": "application/x-amz-json-1.1" };
        noteDeviations(
          deviationsOf({
            request: { method: "POST", url: "/", headers, body: Buffer.from(request.body) },
            answer: { status: 200, headers: answered, body: Buffer.from(text) },
          }),
        );
        return { response: { statusCode: 200, headers: answered, body: Readable.from([text]) } };
      },
      updateHttpClientConfig: () => {},
      httpHandlerConfigs: () => ({}),
    } as never,
  });
}

/** The clients with another ECS. */
export function withEcs(clients: Clients, ecs: ECSClient): Clients {
  return { ...clients, ecs };
}
