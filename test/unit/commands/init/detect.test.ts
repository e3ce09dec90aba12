import { describe, expect, test } from "vitest";
import { joinBuilds, readCompose } from "../../../../runner/commands/init/compose/read.ts";
import { copiedPaths, detectServices } from "../../../../runner/commands/init/detect.ts";
import { isDockerfile, nameOfDockerfile, serviceName } from "../../../../runner/commands/init/names.ts";
import { webAddress } from "../../../../runner/commands/init/tree.ts";

/** What is found in a repository called shop, given its files; those without content are empty. */
function detect(files: Record<string, string>) {
  const contents = Object.fromEntries(Object.entries(files).filter(([, text]) => text !== ""));
  return detectServices({ name: "shop", files: Object.keys(files).sort(), contents, source: undefined });
}

const builds = (found: ReturnType<typeof detect>) =>
  found.services.map(({ name, context, dockerfile }) => [name, context, dockerfile]);

describe("Dockerfiles", () => {
  test.each([
    ["Dockerfile", true],
    ["a/Dockerfile.api", true],
    ["api.Dockerfile", true],
    ["Containerfile", true],
    ["Dockerfile.dockerignore", false],
    ["Dockerfile.md", false],
    ["docs/about-Dockerfile.txt", false],
  ])("%s is one: %s", (path, expected) => {
    expect(isDockerfile(path)).toBe(expected);
  });

  test.each([
    ["Dockerfile", "shop"],
    ["Dockerfile.api", "api"],
    ["services/Cart/Dockerfile", "cart"],
    ["services/cart/Dockerfile.worker", "cart-worker"],
    ["services/ui/docker/Dockerfile", "ui"],
    ["docker/api.Dockerfile", "api"],
    ["docker/Dockerfile", "shop"],
  ])("%s builds %s", (path, name) => {
    expect(nameOfDockerfile(path, "shop")).toBe(name);
  });

  test("are built in their folder, or where what they copy is", () => {
    const found = detect({
      "api/Dockerfile": "FROM x\nCOPY --from=build /a /b\nCOPY main.go go.mod ./\n",
      "api/main.go": "",
      "api/go.mod": "",
      "aws/fn/Dockerfile": 'FROM x\nCOPY ["src", "models/a", "./"]\n',
      "src/x.py": "",
      "models/a": "",
      "ui/Dockerfile": "FROM x\nCOPY *.js $WHAT ./\nADD https://example.com/x /x\n",
    });
    expect(builds(found)).toEqual([
      ["api", "api", undefined],
      ["fn", ".", "aws/fn/Dockerfile"],
      ["ui", "ui", undefined],
    ]);
  });

  test("that are another way to build the same are told and left out", () => {
    const { services, notes } = detect({
      "a/Dockerfile": "FROM x",
      "a/Dockerfile.dev": "FROM x",
      "b/Dockerfile.test": "FROM x",
    });
    expect(services.map(({ from }) => from)).toEqual(["a/Dockerfile", "b/Dockerfile.test"]);
    expect(notes).toEqual(["skipped a/Dockerfile.dev: it is a variant of the Dockerfile in the same folder"]);
  });

  test("of the same name get different ones", () => {
    const found = detect({
      "x/api/Dockerfile": "FROM x",
      "y/api/Dockerfile": "FROM x",
      "z/api/Dockerfile.api": "FROM x",
    });
    expect(new Set(found.services.map(({ name }) => name)).size).toBe(3);
  });

  test("copy what their lines say, over line ends and in both forms", () => {
    expect(copiedPaths('COPY --chown=1:1 a \\\n  b/ /c\ncopy ["d e", "/"]\nCOPY <<EOF /x\n')).toEqual([
      "a",
      "b/",
      "d e",
    ]);
  });
});

describe("a compose file", () => {
  const compose = `
x-common: &common { restart: always }
services:
  web:
    <<: *common
    build:
      context: ./web
      target: run
      args: { VERSION: "\${VERSION:-1.0}", TOKEN: "\${TOKEN}", PORT: 80 }
      additional_contexts: { shared: ../shared, base: docker-image://alpine }
    platform: linux/arm64
  api: { build: ../api }
  worker: { build: ../api, command: work, container_name: the-worker }
  jobs: { build: { context: ../api, dockerfile: Dockerfile.jobs } }
  db: { image: postgres }
  far: { build: "https://github.com/x/y.git" }
  out: { build: ../../other }
`;
  const composed = readCompose("deploy/compose.yaml", compose);
  const joined = joinBuilds(composed.services);
  const { services } = joined;
  const notes = [...composed.notes, ...joined.notes];

  test("says what is built, with arguments, stage, contexts and platforms, relative to its folder", () => {
    expect(services[0]).toEqual({
      name: "web",
      from: "deploy/compose.yaml",
      context: "deploy/web",
      stage: "run",
      arguments: { VERSION: "1.0", PORT: "80" },
      contexts: { shared: "shared", base: "docker-image://alpine" },
      platforms: ["linux/arm64"],
      aliases: [],
      compose: {
        keys: ["web"],
        line: "deploy/compose.yaml:6",
        stageLine: "deploy/compose.yaml:8",
      },
    });
  });

  test("has one image for services that differ only in what they run", () => {
    expect(
      services.slice(1).map(({ name, context, dockerfile, aliases }) => [name, context, dockerfile, aliases]),
    ).toEqual([
      ["api", "api", undefined, ["worker", "the-worker"]],
      ["jobs", "api", "api/Dockerfile.jobs", []],
    ]);
  });

  test("is told where something of it is left out", () => {
    expect(notes).toEqual([
      "deploy/compose.yaml:9: web: build argument TOKEN has no default value",
      "deploy/compose.yaml:16: far is left out: its context is not in this repository (https://github.com/x/y.git)",
      "deploy/compose.yaml:17: out is left out: it is built from outside this directory",
      "deploy/compose.yaml: api, worker are built alike, so one image serves all of them",
    ]);
  });

  test("that can't be read is told, and the Dockerfiles are found all the same", () => {
    const found = detect({ "compose.yaml": "services: [\n", Dockerfile: "FROM x" });
    expect(builds(found)).toEqual([["shop", ".", undefined]]);
    expect(found.notes).toEqual([
      "compose.yaml:2 was not read: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ]);
  });

  test("does not make a service twice, nor one whose Dockerfile is not here", () => {
    const text =
      "services:\n  web: { build: { context: ., dockerfile: web/Dockerfile } }\n  gone: { build: gone }\n";
    const found = detect({ "compose.yaml": text, "web/Dockerfile": "FROM x" });
    expect(builds(found)).toEqual([["web", ".", "web/Dockerfile"]]);
    expect(found.notes).toEqual(["compose.yaml:3: gone is left out: gone/Dockerfile is not here"]);
  });
});

test.each([
  ["My Service", "my-service"],
  ["webApp", "web-app"],
  ["_x__y_", "x-y"],
  ["🚀", "service"],
])("%s is called %s", (text, name) => {
  expect(serviceName(text)).toBe(name);
});

test.each([
  ["git@github.com:acme/shop.git", "https://github.com/acme/shop"],
  ["https://someone:token@github.com/acme/shop.git", "https://github.com/acme/shop"],
  ["ssh://git@gitlab.example:2222/a/b/c.git", "https://gitlab.example/a/b/c"],
  ["/srv/git/shop.git", undefined],
  ["", undefined],
])("the code of %s lives at %s", (remote, address) => {
  expect(webAddress(remote)).toBe(address);
});
