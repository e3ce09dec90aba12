import { permissions } from "../../config/permissions/permissions.ts";
import { githubRoles } from "../../config/stack/github.ts";
import { kindsOf } from "../../config/targets/permission.ts";
import { between, type GeneratedFile } from "./page.ts";

/** The table of what each role for CI may do, and why. */
export const permissionsTable: GeneratedFile = {
  path: "docs/how-to/ci.md",
  render: (current) => between(current, "permissions", [...head, ...rows()].join("\n")),
};

const head = [
  "| action | on | pull request | push | deploy | inspect | what for |",
  "| --- | --- | --- | --- | --- | --- | --- |",
];

function rows(): string[] {
  return permissions.map((permission) => {
    const { action, roles, why, by, when } = permission;
    const marks = githubRoles.map((role) => (roles.includes(role) ? "✔" : ""));
    const kinds = kindsOf(permission).map((kind) => kind.replaceAll("-", " "));
    return `| \`${action}\` | ${kinds.join(", ")} | ${marks.join(" | ")} | ${why}${by === undefined ? "" : ` (${by})`}${when === undefined ? "" : ` (when ${when})`}${roles.length === 0 ? " (nobody in CI)" : ""} |`;
  });
}
