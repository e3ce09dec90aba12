import type { Problem } from "../../config/problems/errors.ts";

/**
 * A problem as a workflow command, which GitHub Actions shows at the file and line that it names.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
 */
export function annotation(level: "error" | "warning", problem: Problem): string {
  const [, file, line] =
    /^([^:\s]+\.(?:ya?ml|json)|[^:\s]*Dockerfile)(?::(\d+))?/.exec(problem.where ?? "") ?? [];
  const properties = [
    ...(file === undefined ? [] : [`file=${property(file)}`]),
    ...(line === undefined ? [] : [`line=${line}`]),
    `title=${property(`slipway: ${problem.code}`)}`,
  ];
  const place = file === undefined && problem.where !== undefined ? `${problem.where}: ` : "";
  const key = problem.key === undefined ? "" : `${problem.key}: `;
  const fix = problem.fix === undefined ? "" : `\nfix: ${problem.fix}`;
  return `::${level} ${properties.join(",")}::${text(`${place}${key}${problem.message}${fix}`)}`;
}

function text(value: string): string {
  return value.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(value: string): string {
  return text(value).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
