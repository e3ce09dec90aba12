import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { type CronJobSecret, cronJobManifests } from "../../../../runner/commands/k8s/cron-job.ts";
import { externalSecretsManifests } from "../../../../runner/commands/k8s/external-secrets.ts";

const wanted: CronJobSecret = {
  registry: "111122223333.dkr.ecr.eu-west-1.amazonaws.com",
  region: "eu-west-1",
  namespaces: ["shop", "billing"],
  secret: "ecr-pull",
  roleArn: "arn:aws:iam::111122223333:role/ecr-pull",
  image: `public.ecr.aws/aws-cli/aws-cli@sha256:${"a".repeat(64)}`,
};

type Manifest = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
};

const objects = (text: string) => parseAllDocuments(text).map((document) => document.toJS() as Manifest);
const golden = (name: string) => readFileSync(join(import.meta.dirname, "golden", name), "utf8");

describe("the manifests are, to the byte, those that were reviewed", () => {
  test.each([
    ["cron-job.yaml", () => cronJobManifests(wanted)],
    ["external-secret.yaml", () => externalSecretsManifests({ ...wanted, namespaces: ["shop"] })],
    ["cluster-external-secret.yaml", () => externalSecretsManifests(wanted)],
  ])("%s", (name, make) => {
    expect(make()).toBe(golden(name));
  });
});

describe("the CronJob", () => {
  const made = objects(cronJobManifests(wanted));
  const of = (kind: string) => made.filter((one) => one.kind === kind);
  const cronJob = of("CronJob")[0] as unknown as {
    spec: {
      schedule: string;
      startingDeadlineSeconds: number;
      concurrencyPolicy: string;
      jobTemplate: { spec: { activeDeadlineSeconds: number; ttlSecondsAfterFinished?: number } };
    };
  };

  test("runs a few times in a token's life, and not every minute", () => {
    expect(cronJob.spec.schedule).toMatch(/^([1-9]|[1-5]\d) \*\/4 \* \* \*$/);
  });

  test("has both deadlines, and a first Job of the same template that nothing deletes", () => {
    expect(cronJob.spec.startingDeadlineSeconds).toBe(3600);
    expect(cronJob.spec.jobTemplate.spec.activeDeadlineSeconds).toBe(300);
    const [job] = of("Job") as unknown as { metadata: { name: string }; spec: object }[];
    expect(job?.spec).toEqual(cronJob.spec.jobTemplate.spec);
    expect(job?.spec).not.toHaveProperty("ttlSecondsAfterFinished");
    expect(job?.metadata.name).toMatch(/^ecr-pull-first-[0-9a-f]{8}$/);
  });

  test("another image is another first Job: the template of a Job can't be changed", () => {
    const other = cronJobManifests({ ...wanted, image: wanted.image.replaceAll("a", "b") });
    const name = (text: string) => objects(text).find(({ kind }) => kind === "Job")?.metadata.name;
    expect(name(other)).not.toBe(name(cronJobManifests(wanted)));
  });

  test("its account may write one secret in each namespace, and read no other", () => {
    expect(of("ClusterRole").concat(of("ClusterRoleBinding"))).toEqual([]);
    const roles = of("Role") as unknown as {
      metadata: { namespace: string };
      rules: { verbs: string[]; resources: string[]; resourceNames?: string[] }[];
    }[];
    expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(["shop", "billing"]);
    for (const { rules } of roles) {
      for (const { verbs, resources, resourceNames } of rules) {
        expect(resources).toEqual(["secrets"]);
        if (resourceNames === undefined) expect(verbs).toEqual(["create"]);
        else expect([resourceNames, verbs]).toEqual([["ecr-pull"], ["get", "patch"]]);
      }
    }
    for (const binding of of("RoleBinding") as unknown as { subjects: object[] }[]) {
      expect(binding.subjects).toEqual([{ kind: "ServiceAccount", name: "ecr-pull", namespace: "shop" }]);
    }
  });

  test("takes AWS keys from a Secret where the cluster has no roles", () => {
    const text = cronJobManifests({ ...wanted, roleArn: undefined, awsSecret: "aws-keys" });
    expect(text).toContain("envFrom:\n                - secretRef:\n                    name: aws-keys\n");
    expect(text).not.toContain("eks.amazonaws.com/role-arn");
  });
});
