/** A repository with a compose file, in the shape of one that people have; and what `init` makes of it. */
export interface ComposeShape {
  readonly title: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Service → parts of its entry in services.yaml. */
  readonly services: Readonly<Record<string, object>>;
  /** Beginnings of what is not taken over: line and why. */
  readonly notes: readonly (string | RegExp)[];
}

const from = "FROM busybox\n";
const stages = "FROM node AS base\nFROM base AS dev\nFROM base AS final\n";
const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, "utf16le");

export const composeShapes: readonly ComposeShape[] = [
  {
    title: "a voting app with development stages, profiles and health checks",
    files: {
      "docker-compose.yml": `services:
  vote:
    build:
      context: ./vote
      target: dev
    depends_on: { redis: { condition: service_healthy } }
    volumes: ["./vote:/usr/local/app"]
    ports: ["8080:80"]
  result:
    build: ./result
    entrypoint: nodemon --inspect=0.0.0.0 server.js
  worker:
    build: { context: ./worker }
  redis: { image: redis:alpine }
  seed:
    build: ./seed-data
    profiles: ["seed"]
`,
      "vote/Dockerfile": stages,
      "result/Dockerfile": from,
      "worker/Dockerfile": from,
      "seed-data/Dockerfile": from,
    },
    services: {
      vote: { context: "vote", stage: undefined },
      result: {},
      worker: {},
      seed: { context: "seed-data" },
    },
    notes: ["docker-compose.yml:5: vote: target dev is for development; the last stage, final, is built"],
  },
  {
    title: "Rails with one image for web and Sidekiq, merged from an anchor",
    files: {
      "docker-compose.yml": `version: "3.8"
x-app: &app
  build: { context: ., args: { RUBY_VERSION: "3.3", BUNDLER: 2 } }
  env_file: .env
services:
  web: { <<: *app, command: bin/rails s }
  sidekiq:
    <<: *app
    command: bundle exec sidekiq
  db: { image: "postgres:\${PG:-16}" }
`,
      Dockerfile: from,
    },
    services: { web: { context: ".", arguments: { RUBY_VERSION: "3.3", BUNDLER: "2" } } },
    notes: ["docker-compose.yml: web, sidekiq are built alike"],
  },
  {
    title: "Django with Dockerfiles in a folder of their own, and other files for other environments",
    files: {
      "docker-compose.yml": `services:
  django: &django
    build:
      context: .
      dockerfile: ./compose/local/django/Dockerfile
    image: shop_local_django
  celeryworker: { <<: *django, command: /start-celeryworker }
`,
      "docker-compose.production.yml": "services: {}\n",
      "docker-compose.override.yml": "services: {}\n",
      "compose/local/django/Dockerfile": from,
    },
    services: { django: { context: ".", dockerfile: "compose/local/django/Dockerfile" } },
    notes: [
      "docker-compose.override.yml was not read",
      "docker-compose.production.yml was not read",
      "docker-compose.yml: django, celeryworker are built alike",
    ],
  },
  {
    title: "Laravel, built from a package that is not in git, by variables of the shell",
    files: {
      "docker-compose.yml": `services:
  laravel.test:
    build:
      context: ./vendor/laravel/sail/runtimes/8.3
      dockerfile: Dockerfile
      args: { WWWGROUP: "\${WWWGROUP}" }
    image: sail-8.3/app
  proxy: { build: ./proxy }
`,
      "proxy/Dockerfile": from,
    },
    services: { proxy: {} },
    notes: [
      "docker-compose.yml:6: laravel.test: build argument WWWGROUP has no default value",
      "docker-compose.yml:3: laravel.test is left out: vendor/laravel/sail/runtimes/8.3/Dockerfile is not here",
    ],
  },
  {
    title: "services built from another one's image",
    files: {
      "compose.yaml": `services:
  Base_Image: { build: base }
  app:
    build:
      context: app
      target: "\${TARGET:-prod}"
      additional_contexts:
        base: service:Base_Image
        assets: ./assets
        alpine: docker-image://alpine:3.20
  admin: { build: { context: admin, additional_contexts: ["base=service:Base_Image"] } }
`,
      "base/Dockerfile": from,
      "app/Dockerfile": "FROM base AS build\nFROM base AS prod\n",
      "admin/Dockerfile": "FROM base\n",
      "assets/a": "",
    },
    services: {
      base_image: {},
      app: {
        stage: "prod",
        contexts: { base: "service://base_image", assets: "assets", alpine: "docker-image://alpine:3.20" },
      },
      admin: { contexts: { base: "service://base_image" } },
    },
    notes: [],
  },
  {
    title: "contexts that are cloned, absolute, at home, or above",
    files: {
      "compose.yaml": `services:
  cloned: { build: "https://github.com/acme/app.git#main" }
  ssh: { build: { context: "git@github.com:acme/app.git" } }
  absolute: { build: /opt/app }
  home: { build: ~/app }
  above: { build: { context: .., dockerfile: x/Dockerfile } }
  lib:
    build:
      context: lib
      additional_contexts:
        git: git@github.com:acme/lib.git
  opt:
    build:
      context: opt
      additional_contexts: [ "lib=/opt/lib" ]
  ok: { build: { context: ok, additional_contexts: { src: "https://github.com/acme/lib.git" } } }
`,
      "lib/Dockerfile": from,
      "opt/Dockerfile": from,
      "ok/Dockerfile": from,
    },
    services: { ok: { contexts: { src: "https://github.com/acme/lib.git" } } },
    notes: [
      "compose.yaml:2: cloned is left out: its context is not in this repository",
      "compose.yaml:3: ssh is left out: its context is not in this repository",
      "compose.yaml:4: absolute is left out: it is built from outside this directory",
      "compose.yaml:5: home is left out: it is built from outside this directory",
      "compose.yaml:6: above is left out: it is built from outside this directory",
      "compose.yaml:11: lib is left out: its context git can't be taken over: it is cloned over SSH",
      "compose.yaml:15: opt is left out: its context lib can't be taken over: it is outside this directory",
    ],
  },
  {
    title: "build secrets and SSH keys",
    files: {
      "compose.yaml": `services:
  ui:
    build:
      context: ui
      secrets:
        - npmrc
        - source: token
          target: api-token
        - gone
  keys: { build: { context: keys, ssh: [default] } }
secrets:
  npmrc: { environment: NPMRC }
  token: { file: ./token.txt }
`,
      "ui/Dockerfile": from,
      "keys/Dockerfile": from,
    },
    services: {
      ui: { secrets: { npmrc: { environment: "NPMRC" }, "api-token": { environment: "API_TOKEN" } } },
    },
    notes: [
      "compose.yaml:7: ui: secret api-token comes from the file ./token.txt: set the variable API_TOKEN to its content",
      "compose.yaml:9: ui: secret gone is not taken over",
      "compose.yaml:10: keys is left out: it needs SSH keys (build.ssh)",
    ],
  },
  {
    title: "a Dockerfile inside the compose file",
    files: {
      "compose.yaml": `services:
  inline:
    build:
      dockerfile_inline: |
        FROM busybox
  ui: { build: ui }
`,
      "ui/Dockerfile": from,
    },
    services: { ui: {} },
    notes: ["compose.yaml:4: inline is left out: its Dockerfile is part of the compose file"],
  },
  {
    title: "twenty-five services over nested anchors",
    files: {
      "compose.yaml": `x-d: &d { condition: service_started }
x-w: &w
  build: ./ui
  depends_on: { a: { <<: *d }, b: { <<: *d }, c: { <<: *d }, e: { <<: *d } }
services:
${Array.from({ length: 25 }, (_, i) => `  w${i}: { <<: *w, command: w${i} }`).join("\n")}
`,
      "ui/Dockerfile": from,
    },
    services: { w0: { context: "ui" } },
    notes: [/^compose\.yaml: w0, w1, .*w24 are built alike/],
  },
  {
    title: "the tags !reset and !override",
    files: {
      "compose.yaml": `services:
  ui:
    build:
      context: ui
      args: !override { A: "1" }
      target: !reset null
    ports: !reset []
`,
      "ui/Dockerfile": from,
    },
    services: { ui: { arguments: { A: "1" } } },
    notes: [],
  },
  {
    title: "a byte order mark and CRLF",
    files: {
      "compose.yml": "\uFEFFservices:\r\n  ui:\r\n    build: ui\r\n",
      "ui/Dockerfile": "\uFEFFFROM busybox\r\n",
    },
    services: { ui: {} },
    notes: [],
  },
  {
    title: "UTF-16, as PowerShell writes it",
    files: { "compose.yml": utf16("services:\n  ui: { build: ui }\n"), "ui/Dockerfile": from },
    services: { ui: {} },
    notes: [],
  },
  {
    title: "lists of arguments, and keys that only a local build needs",
    files: {
      "compose.yaml": `services:
  api:
    build:
      context: ./api
      args:
        - GO=1.23
        - COMMIT
        - EMPTY=
      cache_from: ["type=gha"]
      labels: { a: b }
      extra_hosts: ["h=1.2.3.4"]
      network: host
`,
      "api/Dockerfile": from,
    },
    services: { api: { arguments: { GO: "1.23", EMPTY: "" } } },
    notes: [
      "compose.yaml:7: api: build argument COMMIT has no default value",
      "compose.yaml:9: api: not taken over: build.cache_from, build.labels, build.extra_hosts, build.network",
    ],
  },
  {
    title: "services that extend others, here and elsewhere",
    files: {
      "compose.yaml": `services:
  base: { build: { context: app, args: { A: "1", B: "2" } } }
  web: { extends: base, build: { args: { B: "3" } } }
  far: { extends: { file: common.yml, service: x } }
  loop: { extends: loop }
`,
      "app/Dockerfile": from,
    },
    services: { base: { arguments: { A: "1", B: "2" } }, web: { arguments: { A: "1", B: "3" } } },
    notes: [
      "compose.yaml:4: far: what it extends is not followed (common.yml)",
      "compose.yaml:5: loop: what it extends",
    ],
  },
  {
    title: "files that are included",
    files: {
      "compose.yaml":
        "include:\n  - infra.yml\n  - { path: [ app/compose.yaml, more.yml ] }\nservices:\n  ui: { build: ui }\n",
      "app/compose.yaml": "services:\n  app: { build: . }\n",
      "ui/Dockerfile": from,
      "app/Dockerfile": from,
    },
    services: { app: { context: "app" }, ui: {} },
    notes: [
      "compose.yaml:2: infra.yml is included, and was not read",
      "compose.yaml:3: more.yml is included",
    ],
  },
  {
    title: "odd values, each of which costs its own service alone",
    files: {
      "compose.yaml": `services:
  list: { build: [1] }
  args: { build: { context: a, args: { A: [x] } } }
  empty:
  nothing: { build: }
  number: 5
  1: { build: { context: one, args: { N: 1, B: true, Z: null } } }
  ui: { build: ui }
secrets: 7
include: 9
`,
      "a/Dockerfile": from,
      "one/Dockerfile": from,
      "ui/Dockerfile": from,
    },
    // The Dockerfile of `args` is there, and is taken without what the compose file says of it.
    services: { "1": { arguments: { N: "1", B: "true" } }, a: {}, ui: {} },
    notes: [
      "compose.yaml:7: 1: build argument Z has no default value",
      "compose.yaml:2: list is left out: Docker Compose takes no such value for build",
      "compose.yaml:3: args is left out: Docker Compose takes no such value for build.args",
      "compose.yaml:6: number is left out",
    ],
  },
  {
    title: "two compose files in one folder",
    files: {
      "compose.yaml": "services:\n  ui: { build: ui }\n",
      "docker-compose.yml": "services:\n  old: { build: ui }\n",
      "ui/Dockerfile": from,
    },
    services: { ui: {} },
    notes: ["docker-compose.yml was not read: Docker Compose reads compose.yaml before it"],
  },
  {
    title: "variables with defaults, nested, escaped, required and without",
    files: {
      "compose.yaml": `services:
  ui:
    build:
      context: "\${DIR:-ui}"
      args: { TAG: "\${TAG:-\${VERSION:-1.0}}", COST: "$$5", ALT: "x\${A:+y}", REQ: "\${REQ:?set it}", BARE: "$BARE" }
  gone: { build: { context: "\${WHERE}" } }
`,
      "ui/Dockerfile": from,
    },
    services: { ui: { context: "ui", arguments: { TAG: "1.0", COST: "$5", ALT: "x" } } },
    notes: [
      "compose.yaml:5: ui: build argument REQ has no default value",
      "compose.yaml:5: ui: build argument BARE has no default value",
      "compose.yaml:6: gone is left out: WHERE has no default here",
    ],
  },
  {
    title: "services that need each other, or one that only runs an image",
    files: {
      "compose.yaml": `services:
  a: { build: { context: a, additional_contexts: { b: "service:b" } } }
  b: { build: { context: b, additional_contexts: { a: "service:a" } } }
  c: { build: { context: c, additional_contexts: { db: "service:db" } } }
  d: { build: { context: d, additional_contexts: { c: "service:c" } } }
  e: { build: e, platform: linux/arm64 }
  db: { image: postgres }
`,
      ...Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [`${name}/Dockerfile`, from])),
    },
    services: { e: { platforms: ["linux/arm64"] } },
    notes: [
      "compose.yaml:4: c is left out: it is built from db, which is not taken over",
      "compose.yaml:5: d is left out: it is built from c, which is not taken over",
      /^compose\.yaml:[23]: [ab] is left out/,
      /^compose\.yaml:[23]: [ab] is left out/,
    ],
  },
  {
    title: "one Dockerfile with a stage for each service",
    files: {
      "compose.yaml": `services:
  api: { build: { context: ., target: api } }
  worker: { build: { context: ., target: WORKER } }
  other: { build: { context: ., target: nowhere } }
`,
      Dockerfile: "FROM x AS base\nFROM base AS api\nFROM base AS worker\n",
    },
    services: { api: { stage: "api" }, worker: { stage: "WORKER" }, other: { stage: undefined } },
    notes: [
      "compose.yaml:2: api: target api is taken over, and is not the last stage, worker",
      "compose.yaml:4: other: its Dockerfile has no stage nowhere; the last stage, worker, is built",
    ],
  },
  {
    title:
      "platforms that images are not built for, a dockerfile in lower case, and folders that are passed over",
    files: {
      "compose.yaml": `services:
  win: { build: { context: win, platforms: [ linux/amd64, windows/amd64 ] } }
  low: { build: low, platform: "\${PLATFORM:-linux/arm64}" }
  named: { build: { context: ., dockerfile: named/Dockerfile } }
  php: { build: { context: .docker/php } }
  pkg: { build: { context: ., dockerfile: build/package/Dockerfile } }
`,
      "win/Dockerfile": from,
      "low/dockerfile": from,
      "named/dockerfile": from,
      ".docker/php/Dockerfile": from,
      "build/package/Dockerfile": from,
    },
    services: {
      win: { platforms: ["linux/amd64"] },
      low: { dockerfile: "low/dockerfile", platforms: ["linux/arm64"] },
      named: { context: ".", dockerfile: "named/dockerfile" },
      php: { context: ".docker/php" },
      pkg: { dockerfile: "build/package/Dockerfile" },
    },
    notes: ["compose.yaml:2: win: platform windows/amd64 is not taken over"],
  },
];
