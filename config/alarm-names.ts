/**
 * Name prefix of the resources that a stack has one of: `slipway-dev`.
 *
 * @param project name of the Pulumi project
 */
export function stackResourceName(project: string, stack: string): string {
  return `${project}-${stack}`.replaceAll(/[^A-Za-z0-9_-]/g, "-");
}

/** An alarm's name in CloudWatch, from its name in the stack. */
export function cloudWatchAlarmName(stackName: string, alarm: string): string {
  return `${stackName}-${alarm}`;
}
