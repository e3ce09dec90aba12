/** The options of `docker buildx build`, except its output. */
export interface BuildxBuild {
  /** Working directory, for the relative paths below. */
  readonly directory: string;
  /** Name of the builder; undefined: the machine's current one. */
  readonly builder: string | undefined;
  readonly context: string;
  readonly dockerfile: string;
  readonly contexts: Readonly<Record<string, string>>;
  readonly arguments: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly stage: string | undefined;
  readonly platforms: readonly string[];
  /** Secret id → environment variable. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Arguments of `docker buildx build` for the input. */
export function buildxArguments(build: BuildxBuild): string[] {
  const each = (flag: string, pairs: Readonly<Record<string, string>>) =>
    Object.entries(pairs).flatMap(([key, value]) => [flag, `${key}=${value}`]);
  return [
    ...(build.builder === undefined ? [] : ["--builder", build.builder]),
    "--file",
    build.dockerfile,
    ...(build.stage === undefined ? [] : ["--target", build.stage]),
    ...each("--build-arg", build.arguments),
    ...each("--build-context", build.contexts),
    ...each("--label", build.labels),
    ...Object.entries(build.secrets).flatMap(([id, variable]) => ["--secret", `id=${id},env=${variable}`]),
  ];
}
