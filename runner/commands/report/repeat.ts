import type { ReleaseFacts } from "./facts.ts";

/** The command that asks a gate again; undefined for what only a deployment can ask. */
export function repeatOfGate(gate: string, facts: ReleaseFacts): string | undefined {
  const { service, record } = facts;
  const { stack, image, source, origin } = record;
  const { name } = service;
  switch (gate) {
    case "clean tree":
      return source.commit === undefined
        ? undefined
        : `slipway plan ${name} --stack ${stack} # at ${source.commit}`;
    case "newest wins":
      return `slipway history ${name} --stack ${stack}`;
    case "proven":
      return origin === undefined ? undefined : `slipway history ${name} --stack ${origin.stack}`;
    case "image":
      return repeatOfImage(facts);
    case "findings":
      return `slipway scan ${name} --stack ${stack} --image ${image.digest}`;
    case "image checks":
      return repeatOfImage(facts);
    case "signed":
      return `slipway verify ${name} --evidence --stack ${stack}`;
    case "pre-flight":
    case "deployment alarms":
      return `slipway verify ${name} --stack ${stack}`;
    case "tasks":
    case "target health":
      return `slipway status ${name} --stack ${stack}`;
    default:
      return undefined;
  }
}

/** Shows an image, or one platform's configuration, as the registry has it. */
export function repeatOfImage({ registry, record: { image } }: ReleaseFacts, platform?: string): string {
  const digest = platform === undefined ? image.digest : (image.manifests[platform] ?? image.digest);
  const reference = `${registry}/${image.repository}@${digest}`;
  const show = platform === undefined ? "" : " --format '{{json .Image}}'";
  return `docker buildx imagetools inspect ${reference}${show}`;
}
