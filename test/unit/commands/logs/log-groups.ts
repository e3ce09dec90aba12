import {
  CloudWatchLogsClient,
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
} from "@aws-sdk/client-cloudwatch-logs";
import type { CloudWatchSource } from "../../../../runner/targets/logs.ts";
import { mockClient } from "../../../aws/mock-client.ts";
import { awsError } from "../../targets/fakes.ts";

export let logs = mockClient(CloudWatchLogsClient);

export interface StoredEvent {
  readonly stream: string;
  readonly at: number;
  readonly message: string;
  /** When it can be read: lines come late. */
  readonly ingestedAt?: number;
  readonly id?: string;
}

/**
 * CloudWatch with these groups: oldest first, in pages, with an empty page in between as it gives them.
 *
 * @param now what is ingested later can't be read yet
 */
export function holdGroups(
  groups: Readonly<Record<string, readonly StoredEvent[]>>,
  { pageSize = 2, now = () => Number.POSITIVE_INFINITY } = {},
): void {
  logs = mockClient(CloudWatchLogsClient);
  logs.on(FilterLogEventsCommand).callsFake((input: FilterLogEventsCommandInput) => {
    const group = groups[input.logGroupName ?? ""];
    if (group === undefined) return Promise.reject(awsError("ResourceNotFoundException"));
    if (input.filterPattern === "{")
      return Promise.reject(awsError("InvalidParameterException", "bad pattern"));
    const found = group
      .filter(
        ({ at, stream, message, ingestedAt = 0 }) =>
          at >= (input.startTime ?? 0) &&
          ingestedAt <= now() &&
          stream.startsWith(input.logStreamNamePrefix ?? "") &&
          message.includes(input.filterPattern ?? ""),
      )
      .toSorted((a, b) => a.at - b.at);
    const [skip = "0", pause] = (input.nextToken ?? "0").split(" ");
    const start = Number(skip);
    if (pause === undefined && start > 0)
      return Promise.resolve({ events: [], nextToken: `${start} paused` });
    const next = start + pageSize;
    return Promise.resolve({
      events: found.slice(start, next).map(({ stream, at, message, id }) => ({
        logStreamName: stream,
        timestamp: at,
        message,
        ...(id === undefined ? {} : { eventId: id }),
      })),
      ...(next < found.length ? { nextToken: String(next) } : {}),
    });
  });
}

export function source(service: string, more: Partial<CloudWatchSource> = {}): CloudWatchSource {
  return {
    service,
    title: `ecs shop/${service}`,
    kind: "ecs",
    place: "cloudwatch",
    group: `/shop/${service}`,
    streams: { kind: "prefix", prefix: `${service}/` },
    ...more,
  };
}
