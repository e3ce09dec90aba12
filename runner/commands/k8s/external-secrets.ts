import { type PullSecret, toYaml } from "./manifests.ts";

/**
 * The operator's generator of ECR tokens, and the secret that it fills. A generator's own `expiry` drives
 * nothing; `refreshInterval` does. https://external-secrets.io/latest/api/generator/ecr/
 */
export function externalSecretsManifests(wanted: PullSecret): string {
  const { namespaces, secret, region, roleArn } = wanted;
  const [first = "default"] = namespaces;
  const generator = {
    region,
    ...(roleArn === undefined ? {} : { role: roleArn }),
  };
  const heading = [
    "Written by slipway k8s credentials --method external-secrets.",
    "A token lives 12 hours: with a refresh every 4 hours, two may fail before pods can't pull.",
  ];
  if (namespaces.length === 1) {
    return toYaml(heading, [
      {
        apiVersion: "generators.external-secrets.io/v1alpha1",
        kind: "ECRAuthorizationToken",
        metadata: { name: secret, namespace: first },
        spec: generator,
      },
      {
        apiVersion: "external-secrets.io/v1",
        kind: "ExternalSecret",
        metadata: { name: secret, namespace: first },
        spec: externalSecret(wanted, "ECRAuthorizationToken"),
      },
    ]);
  }
  return toYaml(heading, [
    {
      apiVersion: "generators.external-secrets.io/v1alpha1",
      kind: "ClusterGenerator",
      metadata: { name: secret },
      spec: { kind: "ECRAuthorizationToken", generator: { ecrAuthorizationTokenSpec: generator } },
    },
    {
      apiVersion: "external-secrets.io/v1",
      kind: "ClusterExternalSecret",
      metadata: { name: secret },
      spec: {
        externalSecretName: secret,
        refreshTime: "1h",
        namespaceSelectors: [
          {
            matchExpressions: [
              { key: "kubernetes.io/metadata.name", operator: "In", values: [...namespaces] },
            ],
          },
        ],
        externalSecretSpec: externalSecret(wanted, "ClusterGenerator"),
      },
    },
  ]);
}

function externalSecret({ secret, registry }: PullSecret, kind: string): object {
  const auth = '{{ printf "%s:%s" .username .password | b64enc }}';
  const entry = `{"username":"{{ .username }}","password":"{{ .password }}","auth":"${auth}"}`;
  return {
    refreshInterval: "4h",
    target: {
      name: secret,
      creationPolicy: "Owner",
      template: {
        type: "kubernetes.io/dockerconfigjson",
        data: { ".dockerconfigjson": `{"auths":{"${registry}":${entry}}}` },
      },
    },
    dataFrom: [
      {
        sourceRef: {
          generatorRef: { apiVersion: "generators.external-secrets.io/v1alpha1", kind, name: secret },
        },
      },
    ],
  };
}
