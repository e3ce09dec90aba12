/**
 * Thrown by a kind's `apply` when somebody else has changed the target after `isAsPlanned`, and nothing was
 * changed: the target is then planned again.
 */
export class ChangedSincePlan extends Error {
  constructor(title: string) {
    super(`${title} was changed after it was planned`);
    this.name = "ChangedSincePlan";
  }
}
