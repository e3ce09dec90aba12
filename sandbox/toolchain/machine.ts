import { readFile } from "node:fs/promises";

export type Architecture = "amd64" | "arm64";

/** What the ladder must know about the machine. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** OCI's name of the processor; undefined: none that the sandbox knows. */
  readonly architecture: Architecture | undefined;
  readonly root: boolean;
  /** `Debian GNU/Linux 12 (bookworm)`. */
  readonly systemName: string;
  /** System packages come by apt-get here. */
  readonly debian: boolean;
}

/** Reads what the system says of itself. */
export async function readMachine(): Promise<Machine> {
  const text = await readFile("/etc/os-release", "utf8").catch(() => "");
  return describeMachine({
    platform: process.platform,
    processor: process.arch,
    userId: process.getuid?.() ?? -1,
    osRelease: text,
  });
}

/** The machine from raw facts. */
export function describeMachine(facts: {
  readonly platform: NodeJS.Platform;
  readonly processor: string;
  readonly userId: number;
  /** Content of /etc/os-release. */
  readonly osRelease: string;
}): Machine {
  const fields = new Map(
    [...facts.osRelease.matchAll(/^([A-Z_]+)=["']?(.*?)["']?$/gm)].map((match) => [match[1], match[2] ?? ""]),
  );
  const families = `${fields.get("ID") ?? ""} ${fields.get("ID_LIKE") ?? ""}`.split(" ");
  const architectures: Record<string, Architecture> = { x64: "amd64", arm64: "arm64" };
  return {
    platform: facts.platform,
    architecture: architectures[facts.processor],
    root: facts.userId === 0,
    systemName: fields.get("PRETTY_NAME") ?? facts.platform,
    debian: families.includes("debian") || families.includes("ubuntu"),
  };
}
