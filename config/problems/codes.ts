import { awsCodes } from "./codes/aws.ts";
import { buildCodes } from "./codes/build.ts";
import { commandLineCodes } from "./codes/command-line.ts";
import type { CodeTable } from "./codes/entry.ts";
import { fileCodes } from "./codes/files.ts";
import { releaseCodes } from "./codes/releases.ts";
import { targetCodes } from "./codes/targets.ts";
import { warningCodes } from "./codes/warnings.ts";

/** Every code of an error or a warning, by what it is about. A new code is an entry in one of these. */
export const codeGroups = {
  "The command line": commandLineCodes,
  "The project's files": fileCodes,
  "Pulumi, builds and the registry": buildCodes,
  AWS: awsCodes,
  "Targets and deployments": targetCodes,
  "Releases, and how a run ends": releaseCodes,
  Warnings: warningCodes,
} as const satisfies Readonly<Record<string, CodeTable>>;

type Groups = (typeof codeGroups)[keyof typeof codeGroups];
type KeyOfEach<T> = T extends unknown ? keyof T : never;

/**
 * Codes of a part that config/ does not know. Such a part adds its own to this interface
 * (`declare module`), as sandbox/codes.ts does.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is empty here, and others add to it.
export interface FurtherCodes {}

/** The code of an error or a warning: stable, lower-case, hyphenated. */
export type ErrorCode = KeyOfEach<Groups> | keyof FurtherCodes;
