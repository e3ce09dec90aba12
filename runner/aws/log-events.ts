import { type FilteredLogEvent, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { UserError } from "../../config/problems/errors.ts";
import type { Clients } from "./clients.ts";
import { isAwsError } from "./errors.ts";

/** A query for events of a log group. */
export interface LogQuery {
  readonly group: string;
  readonly streamPrefix?: string | undefined;
  /** CloudWatch's filter pattern. */
  readonly filter?: string | undefined;
  /** Milliseconds since the epoch, included. */
  readonly from: number;
  readonly to?: number | undefined;
}

/**
 * Events of a log group, oldest first, page by page; `missing` instead when there is no such group.
 *
 * @throws UserError `filter-refused` for a pattern that CloudWatch does not take
 */
export async function* readLogEvents(
  clients: Clients,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<readonly FilteredLogEvent[], "missing" | undefined> {
  const pages = paginateFilterLogEvents(
    { client: clients.logs },
    {
      logGroupName: query.group,
      startTime: query.from,
      ...(query.to === undefined ? {} : { endTime: query.to }),
      ...(query.streamPrefix === undefined ? {} : { logStreamNamePrefix: query.streamPrefix }),
      ...(query.filter === undefined ? {} : { filterPattern: query.filter }),
    },
    { abortSignal: signal },
  );
  try {
    // An empty page with a token is not the last: CloudWatch ends a long scan early and continues it.
    for await (const { events } of pages) yield events ?? [];
    return undefined;
  } catch (error) {
    if (isAwsError(error, "ResourceNotFoundException")) return "missing";
    if (isAwsError(error, "InvalidParameterException") && query.filter !== undefined) {
      throw new UserError(
        {
          code: "filter-refused",
          where: "--filter",
          value: query.filter,
          message: `CloudWatch Logs refused the filter pattern: ${error.message}`,
          fix: "quote words that contain more than letters and digits: --filter '\"GET /\"'",
        },
        { cause: error },
      );
    }
    throw error;
  }
}
