import type { TestProject } from "vitest/node";
import { ensureTool } from "../../sandbox/toolchain/ensure.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Folder with AWS's API models, as botocore ships them. */
    awsModels: string;
  }
}

/** Fetches AWS's API models once for all tests of a project: from the cache, or from PyPI on a new machine. */
export default async function provideModels(project: TestProject): Promise<void> {
  const { path } = await ensureTool("aws-models", { emit: () => {}, signal: AbortSignal.timeout(300_000) });
  project.provide("awsModels", path);
}
