import { Document, Scalar, visit } from "yaml";

/** What the manifests of a pull secret are made of. */
export interface PullSecret {
  readonly registry: string;
  readonly region: string;
  /** At least one; the first is where the CronJob runs. */
  readonly namespaces: readonly string[];
  readonly secret: string;
  readonly roleArn?: string | undefined;
  readonly awsSecret?: string | undefined;
}

/** Several documents as one YAML text, with comment lines above them. */
export function toYaml(heading: readonly string[], objects: readonly object[]): string {
  const texts = objects.map((object) => {
    const document = new Document(object, { aliasDuplicateObjects: false });
    // A script is read as it stands.
    visit(document, {
      Scalar(_key, node) {
        if (typeof node.value === "string" && node.value.includes("\n")) node.type = Scalar.BLOCK_LITERAL;
      },
    });
    return document.toString({ lineWidth: 0 });
  });
  return `${heading.map((line) => `# ${line}\n`).join("")}${texts.join("---\n")}`;
}
