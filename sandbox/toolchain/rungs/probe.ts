import { constants } from "node:fs";
import { access, open, realpath } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Architecture } from "../machine.ts";
import { runProcess } from "../run.ts";
import { type ToolName, tools } from "../tools.ts";

/** The first program of that name on the PATH, then in `folders`. Relative PATH entries are left out. */
export async function findProgram(
  name: string,
  folders: readonly string[] = [],
  path: string = process.env.PATH ?? "",
): Promise<string | undefined> {
  for (const folder of [...path.split(delimiter), ...folders]) {
    if (!folder.startsWith("/")) continue;
    const candidate = join(folder, name);
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  return undefined;
}

/**
 * Runs the program and reads its version off what it prints; the table's own version for programs that
 * tell none. Undefined: it does not run, or prints something else.
 */
export async function askVersion(
  name: ToolName,
  program: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const question = tools[name].versionQuestion;
  if (question === undefined) return tools[name].version;
  const { output } = await runProcess(program, question.arguments, {
    signal,
    timeoutSeconds: 20,
    // Neither asks anybody for updates nor reads its user's settings.
    environment: { PULUMI_SKIP_UPDATE_CHECK: "true", DOCKER_CONFIG: "/nonexistent" },
  });
  const match = question.answer.exec(output);
  return match === null ? undefined : (match[1] ?? tools[name].version);
}

const machineCodes: Record<number, Architecture> = { 62: "amd64", 183: "arm64" };

/** The processor that an ELF program is for, and whether it needs an interpreter (shared libraries). */
export interface ElfFacts {
  readonly architecture: Architecture | undefined;
  readonly static: boolean;
}

/** Reads the header of a little-endian 64-bit ELF file; undefined when the bytes are none. */
export function readElf(bytes: Buffer): ElfFacts | undefined {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) {
    return undefined;
  }
  const start = Number(bytes.readBigUInt64LE(32));
  const size = bytes.readUInt16LE(54);
  const count = bytes.readUInt16LE(56);
  const interpreterHeader = 3;
  let isStatic = true;
  for (let index = 0; index < count; index += 1) {
    const offset = start + index * size;
    if (offset + 4 > bytes.length) break;
    if (bytes.readUInt32LE(offset) === interpreterHeader) isStatic = false;
  }
  return { architecture: machineCodes[bytes.readUInt16LE(18)], static: isStatic };
}

/** `readElf` of a file. */
export async function readElfFile(path: string): Promise<ElfFacts | undefined> {
  const file = await open(await realpath(path));
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return readElf(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
