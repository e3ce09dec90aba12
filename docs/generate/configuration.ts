import { z } from "zod";
import { catalogueSchema } from "../../config/catalogue/catalogue.ts";
import { slipwaySchema } from "../../config/settings.ts";
import { waiversSchema } from "../../config/waivers.ts";
import type { GeneratedFile } from "./page.ts";

/** The JSON Schema with which editors complete and check services.yaml, from the types that validate it. */
export const catalogueSchemaFile: GeneratedFile = {
  path: "services.schema.json",
  render: () => jsonSchemaText(catalogueSchema),
};

/** The JSON Schema of waivers.yaml, likewise. */
export const waiversSchemaFile: GeneratedFile = {
  path: "waivers.schema.json",
  render: () => jsonSchemaText(waiversSchema),
};

/** The page of every configuration key, from the schemas. */
export const configurationPage: GeneratedFile = {
  path: "docs/reference/configuration.md",
  render: configurationReference,
};

function jsonSchemaText(of: z.ZodType): string {
  const schema = z.toJSONSchema(of, { io: "input", unrepresentable: "any" });
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function configurationReference(): string {
  const reference = (schema: z.ZodType) =>
    table(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node, "").join("\n");
  return `# Configuration

\`npm run docs\` writes this page from the schemas in \`config/\`; a test compares the two.

## services.yaml

The catalogue lists the services. \`services.schema.json\` is its JSON Schema. The first line
\`# yaml-language-server: $schema=services.schema.json\` makes editors complete it.
Slipway refuses duplicate keys, tabs and unknown keys, with line and column. It accepts anchors, aliases and
merge keys (\`<<\`), unless they expand without limit.

| key | type | default | what it is |
| --- | --- | --- | --- |
${reference(catalogueSchema)}

## Pulumi.&lt;stack&gt;.yaml, keys under \`slipway:\`

Region, credentials, account guard and endpoints are the AWS provider's own keys, and Slipway's own calls follow
them as the stack's program does: \`aws:region\` (required), \`aws:profile\`, \`aws:assumeRoles\` (one after the other),
\`aws:assumeRoleWithWebIdentity\`, \`aws:accessKey\` with \`aws:secretKey\` and \`aws:token\` (not encrypted: better in the
environment), \`aws:allowedAccountIds\`, \`aws:forbiddenAccountIds\`, \`aws:endpoints\`, \`aws:useFipsEndpoint\`,
\`aws:useDualstackEndpoint\`. Keys that would lead only the provider elsewhere are refused, with what leads both
(\`unlike-halves\`).

| key | type | default | what it is |
| --- | --- | --- | --- |
${reference(slipwaySchema)}

## waivers.yaml

Findings that are accepted until a day ([gates](gates.md)). The file is optional. \`waivers.schema.json\` is its JSON Schema.

| key | type | default | what it is |
| --- | --- | --- | --- |
${reference(waiversSchema)}
`;
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

/** Rows of a node's children: an object's keys, a map's values, a list's items. */
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
