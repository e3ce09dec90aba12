import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Where everything of one sandbox lies. All of it is below `directory`, but for `runtime` at times. */
export interface SandboxFolder {
  /** The project's directory. */
  readonly root: string;
  readonly directory: string;
  /**
   * Eight hexadecimal digits, from the directory's path: names everything of this sandbox that the
   * machine has in common with others (bridge, control group, binary format), so that `down` finds it
   * without having been told.
   */
  readonly id: string;
  readonly state: string;
  readonly environment: string;
  readonly logs: string;
  /** Programs for PATH, as links. */
  readonly programs: string;
  /** HOME of what the sandbox runs. */
  readonly home: string;
  /** Sockets and what lives as long as a process. */
  readonly runtime: string;
  readonly docker: string;
  /** DOCKER_CONFIG. */
  readonly dockerConfig: string;
  /** BUILDX_CONFIG. */
  readonly buildxConfig: string;
  readonly buildkit: string;
  readonly emulator: string;
  /** Scans of images, and what scans them. */
  readonly ecr: string;
  /** Key, certificate and certificate bundle of the registry. */
  readonly tls: string;
  /** AWS configuration files with nothing but the sandbox's profile. */
  readonly aws: string;
  /** PULUMI_HOME. */
  readonly pulumiHome: string;
  /** Pulumi's state backend. */
  readonly pulumiState: string;
  readonly baseImages: string;
}

/** The longest path of a socket that there is below the runtime folder: containerd's. */
export const longestSocket = "docker/exec/containerd/containerd-debug.sock.ttrpc";
/** The kernel takes socket paths of 107 bytes. */
const longestRuntimePath = 107 - `/${longestSocket}`.length;

/** The sandbox's folder in a project. */
export function sandboxFolder(root: string): SandboxFolder {
  const absolute = resolve(root);
  const directory = join(absolute, ".slipway", "sandbox");
  const id = createHash("sha256").update(directory).digest("hex").slice(0, 8);
  const inside = (name: string) => join(directory, name);
  const runtime = inside("run");
  return {
    root: absolute,
    directory,
    id,
    state: inside("state.json"),
    environment: inside("environment"),
    logs: inside("logs"),
    programs: inside("bin"),
    home: inside("home"),
    runtime: Buffer.byteLength(runtime) > longestRuntimePath ? join(tmpdir(), `slipway-${id}`) : runtime,
    docker: inside("docker"),
    dockerConfig: inside("docker-config"),
    buildxConfig: inside("buildx"),
    buildkit: inside("buildkit"),
    emulator: inside("emulator"),
    ecr: inside("ecr"),
    tls: inside("tls"),
    aws: inside("aws"),
    pulumiHome: inside("pulumi"),
    pulumiState: inside("pulumi-state"),
    baseImages: inside("base-images"),
  };
}

/** Names that this sandbox has on the machine. */
export function machineNames(id: string) {
  return {
    /** Network interface; the kernel takes 15 characters. */
    bridge: `slipway${id}`,
    controlGroup: `slipway-${id}`,
    binaryFormat: `slipway-${id}-aarch64`,
    /** The emulator labels its containers with it. */
    emulatorHost: `slipway-${id}`,
  };
}
