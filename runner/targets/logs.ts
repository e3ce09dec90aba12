import type { Target } from "../../config/targets/target.ts";

/** Where log lines of a target are. */
export type LogSource = {
  /** The service, in the catalogue's words. */
  readonly service: string;
  readonly title: string;
  readonly kind: Target["kind"];
  /** Container, where the target has several: the prefix of its lines is then `service/container`. */
  readonly container?: string;
} & (
  | { readonly place: "cloudwatch"; readonly group: string; readonly streams: LogStreams }
  /** Not where we can read it; says where it is, or that there is nothing. */
  | { readonly place: "elsewhere"; readonly description: string }
);

export type CloudWatchSource = Extract<LogSource, { place: "cloudwatch" }>;

/** Which streams of a group are the target's. */
export type LogStreams =
  | { readonly kind: "all" }
  | { readonly kind: "prefix"; readonly prefix: string }
  /** Those of one function in a group that it may share with others. */
  | { readonly kind: "function"; readonly name: string };

/** Whether a stream of the group is the target's. */
export function isOwnStream(streams: LogStreams, stream: string): boolean {
  switch (streams.kind) {
    case "all":
      return true;
    case "prefix":
      return stream.startsWith(streams.prefix);
    case "function": {
      // In a group of its own `2026/01/31/[5]0a1b…`, in one that is shared `2026/01/31/name[5]0a1b…`.
      const [, name] = /^\d{4}\/\d\d\/\d\d\/([^[\]]*)\[/.exec(stream) ?? [];
      return name === undefined || name === "" || name === streams.name;
    }
  }
}
