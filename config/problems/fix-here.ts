/** A fix in the words of the place in which a command runs. */
interface Fixes {
  readonly github: string;
  readonly gitlab: string;
  /** On a developer's machine, and in any other pipeline. */
  readonly elsewhere: string;
}

/** The fix that a reader can apply in the place in which the command runs. */
export function fixHere(fixes: Fixes, environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.GITHUB_ACTIONS === "true") return fixes.github;
  return environment.GITLAB_CI === "true" ? fixes.gitlab : fixes.elsewhere;
}
