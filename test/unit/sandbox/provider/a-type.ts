import type { ResourceType } from "../../../../sandbox/provider/resource.ts";

/** A resource type that nothing is behind; only its rules matter. */
export function aType(type: Partial<ResourceType> = {}): ResourceType {
  const never = () => Promise.reject(new Error("not in a unit test"));
  return {
    token: "aws:test/thing:Thing",
    inputs: {
      documents: { on: "update", compare: "json" },
      forceDelete: { on: "update", local: true },
      kmsKeyId: "unsupported",
      members: { on: "update", compare: "set" },
      mutability: { on: "update", fallback: "MUTABLE" },
      name: "replace",
      platformVersion: { on: "update", computed: true },
      policy: { on: "update", compare: "policy" },
      region: { on: "replace", computed: true },
      scanning: { on: "update", keys: ["scanOnPush"] },
      tags: "update",
    },
    computed: { arn: "stable", revision: "changes" },
    autoName: "name",
    create: never,
    read: never,
    update: never,
    delete: never,
    ...type,
  };
}
