import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { catalogueSchema } from "../../config/catalogue/catalogue.ts";
import { permissions } from "../../config/permissions/permissions.ts";
import { githubRoles } from "../../config/stack/github.ts";
import { slipwaySchema } from "../../config/stack/settings.ts";
import { kindsOf } from "../../config/targets/permission.ts";

/** What editors complete and check services.yaml with, from the types that validate it. */
export function catalogueJsonSchema(): string {
  const schema = z.toJSONSchema(catalogueSchema, { io: "input", unrepresentable: "any" });
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** docs/reference/configuration.md, from the schemas. */
export function configurationReference(): string {
  const reference = (schema: z.ZodType) =>
    table(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node, "").join("\n");
  return `# Configuration

Written from the schemas in \`config/\` by \`npm run generate\`; a test holds it to them.

## services.yaml

The catalogue. \`services.schema.json\` is its JSON Schema; a first line
\`# yaml-language-server: $schema=services.schema.json\` makes editors complete it.
Duplicate keys, tabs and unknown keys are refused with line and column. Anchors, aliases and merge keys
(\`<<\`) are allowed, as long as they don't multiply without end.

| key | type | default | what it is |
| --- | --- | --- | --- |
${reference(catalogueSchema)}

## Pulumi.&lt;stack&gt;.yaml, keys under \`slipway:\`

Region, profile, account guard and endpoints are the AWS provider's own keys: \`aws:region\`
(needed), \`aws:profile\`, \`aws:allowedAccountIds\`, \`aws:endpoints\`.

| key | type | default | what it is |
| --- | --- | --- | --- |
${reference(slipwaySchema)}
`;
}

/** docs/how-to/ci.md with the table of permissions as it is in the code. */
export function ciPage(page: string): string {
  const rows = permissions.map((permission) => {
    const { action, roles, why } = permission;
    const marks = githubRoles.map((role) => (roles.includes(role) ? "✔" : ""));
    const kinds = kindsOf(permission).map((kind) => kind.replaceAll("-", " "));
    return `| \`${action}\` | ${kinds.join(", ")} | ${marks.join(" | ")} | ${why}${roles.length === 0 ? " (nobody in CI)" : ""} |`;
  });
  const table = [
    "| action | on | pull request | push | deploy | what for |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
  return page.replace(
    /(<!-- permissions -->\n)[\s\S]*(<!-- \/permissions -->)/,
    (_, start: string, end: string) => `${start}\n${table}\n\n${end}`,
  );
}

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

function table(node: Node, path: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const key = path === "" ? name : `${path}.${name}`;
    return name === "$schema"
      ? []
      : [row(key, child, node.required?.includes(name) ?? false), ...below(child, key)];
  });
}

/** Rows of what is inside: of an object's keys, of the values of a map, of the items of a list. */
function below(node: Node, key: string): string[] {
  const named = typeof node.additionalProperties === "object" ? node.additionalProperties : undefined;
  return [
    ...table(node, key),
    ...(named === undefined
      ? []
      : [...alternatives(named).flatMap((branch) => table(branch, `${key}.<name>`))]),
    ...(node.items === undefined
      ? []
      : alternatives(node.items).flatMap((branch) => inBranch(branch, `${key}[]`))),
    ...alternatives(node).flatMap((branch) => (branch === node ? [] : inBranch(branch, key))),
  ];
}

/** Rows of one of several alternatives, marked by its kind. */
function inBranch(branch: Node, key: string): string[] {
  const kind = branch.properties?.kind?.const;
  return table(branch, kind === undefined ? key : `${key}(${String(kind)})`).filter(
    (line) => !/\.kind` \|/.test(line),
  );
}

function alternatives(node: Node): readonly Node[] {
  return node.oneOf ?? node.anyOf ?? [node];
}

function row(key: string, node: Node, required: boolean): string {
  const initial =
    node.default === undefined || JSON.stringify(node.default) === "{}"
      ? required
        ? "**needed**"
        : ""
      : `\`${JSON.stringify(node.default)}\``;
  return `| \`${key}\` | ${typeText(node)} | ${initial} | ${(node.description ?? "").replaceAll("|", "\\|")} |`;
}

function typeText(node: Node): string {
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(", ");
  const options = node.oneOf ?? node.anyOf;
  if (options !== undefined) {
    const kinds = options.map((option) => option.properties?.kind?.const);
    return kinds.every((kind) => kind !== undefined)
      ? kinds.map((kind) => `\`{kind: ${String(kind)}}\``).join(", ")
      : [...new Set(options.map(typeText))].join(", ");
  }
  if (node.items !== undefined) return `list of ${typeText(node.items)}`;
  if (typeof node.additionalProperties === "object") return `map of ${typeText(node.additionalProperties)}`;
  return node.type ?? "any";
}

if (import.meta.main) {
  const root = join(import.meta.dirname, "../..");
  await Promise.all([
    writeFile(join(root, "services.schema.json"), catalogueJsonSchema()),
    writeFile(join(root, "docs/reference/configuration.md"), configurationReference()),
    writeFile(
      join(root, "docs/how-to/ci.md"),
      ciPage(await readFile(join(root, "docs/how-to/ci.md"), "utf8")),
    ),
  ]);
}
