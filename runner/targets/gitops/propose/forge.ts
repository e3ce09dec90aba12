/** A pull request, or a merge request on GitLab. */
export interface PullRequest {
  readonly number: number;
  /** Its page. */
  readonly url: string;
  readonly state: "open" | "closed" | "merged";
  readonly title: string;
  readonly body: string;
  /** The branch that it comes from. */
  readonly head: string;
  /** The commit on the target branch that it became; undefined while it is not merged. */
  readonly mergeCommit: string | undefined;
}

/** What a pull request says. */
export interface PullRequestText {
  readonly title: string;
  /** Markdown. */
  readonly body: string;
}

export interface NewPullRequest extends PullRequestText {
  readonly head: string;
  readonly base: string;
  readonly labels: readonly string[];
  readonly reviewers: readonly string[];
}

/** A commit of a pull request. */
export interface ProposedCommit {
  readonly message: string;
  readonly isMerge: boolean;
}

/** Why a pull request was not made. */
export type NotMade =
  /** The target branch has all of it. */
  | "nothing to propose"
  /** There is one of this branch, which somebody else made in the same moment. */
  | "exists";

/**
 * A server of repositories with pull requests. Each call is repeated while the server does not answer, and
 * throws UserError `forge-refused` or `unreachable`.
 */
export interface Forge {
  /** `GitHub`, `GitLab` */
  readonly name: string;
  /** What the server calls them: `pull request`, `merge request`. */
  readonly noun: string;
  /** Those between two branches of the repository, the newest first. */
  between(head: string, base: string): Promise<readonly PullRequest[]>;
  /** All that are open and go to a branch. */
  open(base: string): Promise<readonly PullRequest[]>;
  get(number: number): Promise<PullRequest>;
  commits(number: number): Promise<readonly ProposedCommit[]>;
  create(wanted: NewPullRequest): Promise<PullRequest | NotMade>;
  /** Paths of the files that it changes; of large ones, those that the server lists on its first page. */
  files(number: number): Promise<readonly string[]>;
  /**
   * Whether reviewers can be asked, as far as the server says so before a pull request is there.
   *
   * @throws UserError `forge-refused` for one whom it does not know
   */
  checkReviewers(reviewers: readonly string[]): Promise<void>;
  update(number: number, text: PullRequestText): Promise<PullRequest>;
  close(number: number, text: Pick<PullRequestText, "body">): Promise<void>;
}
