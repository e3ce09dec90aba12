import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadStack } from "../../../../config/description/load.ts";

test("a context that is a link to itself is said to be one", async () => {
  const project = await mkdtemp(join(tmpdir(), "slipway-loop-"));
  try {
    await writeFile(join(project, "Pulumi.dev.yaml"), "config:\n  aws:region: eu-west-1\n");
    await writeFile(join(project, "services.yaml"), "services:\n  ui: {context: ui}\n");
    await symlink("ui", join(project, "ui"));
    await expect(loadStack(project, "dev")).rejects.toThrow(/is a symbolic link that leads back to itself/);
  } finally {
    await rm(project, { recursive: true, force: true });
  }
});
