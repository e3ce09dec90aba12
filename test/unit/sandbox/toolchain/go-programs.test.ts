import { expect, test } from "vitest";
import { ladder } from "../../../../sandbox/toolchain/ladder.ts";
import { buildsOf, type Product } from "../../../../sandbox/toolchain/rungs/go-programs.ts";
import { type ToolName, tools } from "../../../../sandbox/toolchain/tools.ts";

function productsOf(...names: readonly ToolName[]): Product[] {
  return names.flatMap((name) => {
    const rung = ladder[name].find((one) => one.kind === "go-module");
    return rung?.kind === "go-module" ? [{ name, rung }] : [];
  });
}

test("programs of a module are built by one call, each with its version", () => {
  const [build, ...others] = buildsOf(productsOf("kube-apiserver", "kube-controller-manager"));
  expect(others).toEqual([]);
  expect(build?.packages).toHaveLength(2);
  const { version } = tools["kube-apiserver"];
  expect(build?.variables).toEqual([`-X k8s.io/component-base/version.gitVersion=v${version}`]);
});

test("programs with another version in a variable of the same name are linked by calls of their own", () => {
  expect(buildsOf(productsOf("grype", "syft"))).toEqual([
    {
      packages: ["github.com/anchore/grype/cmd/grype"],
      variables: [`-X main.version=${tools.grype.version}`],
    },
    {
      packages: ["github.com/anchore/syft/cmd/syft"],
      variables: [`-X main.version=${tools.syft.version}`],
    },
  ]);
});
