import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { gitopsTargetSchema, resolveGitopsTarget } from "../../../../config/targets/gitops/target.ts";
import { editImage } from "../../../../runner/targets/gitops/edit/edit.ts";
import { newDigest, registry } from "./nasty.ts";

const folder = join(import.meta.dirname, "../../../../examples/shop/gitops");
const readme = readFileSync(join(folder, "README.md"), "utf8");
const { services } = parse(/```yaml\n(.*?)```/s.exec(readme)?.[1] ?? "") as {
  services: Record<string, { targets: object[] }>;
};

test.each(Object.keys(services).flatMap((name) => ["dev", "prod"].map((stack) => [name, stack] as const)))(
  "the target of %s on %s that the example's README shows finds its place in the example",
  (name, stack) => {
    const [written] = services[name]?.targets ?? [];
    const forStack = (text: string) => text.replaceAll("${stack}", stack);
    const target = resolveGitopsTarget(gitopsTargetSchema.parse(written), name, forStack);
    const [place] = target.files;
    if (place === undefined) throw new Error("the target has a file");
    const text = readFileSync(join(folder, place.path), "utf8");
    const image = { registry, repository: `shop/${name}`, digest: newDigest, tag: undefined };
    const edited = editImage(text, place, image);
    expect(edited.lines).toHaveLength(1);
    expect(editImage(edited.text, place, image).before).toBe(`${registry}/shop/${name}@${newDigest}`);
  },
);
