import packageDescription from "../../package.json" with { type: "json" };
import { readSource } from "../bases/source-record.ts";
import type { ImageToAttest } from "../evidence/attest.ts";
import { provenanceOf } from "../evidence/provenance.ts";
import { openEvidence } from "../evidence/step.ts";
import type { Revision } from "../git/revision.ts";
import { runInCi } from "../history/write.ts";
import type { PlannedService } from "../plan/plan.ts";
import type { Image } from "../registry/image.ts";
import type { Session } from "../session/session.ts";
import { isMove } from "../targets/target.ts";

/** A service of a deployment, whose image is in the registry. */
export interface DeployedImage extends Pick<PlannedService, "service" | "source" | "isDirty" | "targets"> {
  readonly image: Image;
  /** Whether this run built it. */
  readonly built: boolean;
}

/** The evidence of a deployment. */
export interface DeployedEvidence {
  /** Begins with an image that was built, while others still are. */
  begin(one: DeployedImage): void;
  /** Waits for what has begun; never rejects. */
  settled(): Promise<void>;
  /**
   * Attaches evidence to the images that this run built or is about to move targets to. A run that changes nothing
   * signs nothing.
   */
  finish(services: readonly DeployedImage[]): Promise<void>;
}

/** Makes the evidence of a deployment of a commit. */
export function evidenceOfDeployment(session: Session, revision: Revision | undefined): DeployedEvidence {
  const run = openEvidence(session);
  const begin = (one: DeployedImage) => run.begin(one.service.name, () => toAttest(session, one, revision));
  return {
    begin,
    settled: run.settled,
    finish: async (services) => {
      const wanted = services.filter(({ built, targets }) => built || targets.some(isMove));
      for (const one of wanted) begin(one);
      await run.finish();
    },
  };
}

async function toAttest(
  session: Session,
  { service, source, isDirty, image, built }: DeployedImage,
  revision: Revision | undefined,
): Promise<ImageToAttest> {
  const { settings, clients, signal, catalogue, caller, timeline } = session;
  if (!built || settings.evidence?.provenance !== true) return { service, image, provenance: undefined };
  const kept = await readSource(clients, image.repository, image.digest, signal);
  const finishedOn = new Date();
  const provenance = provenanceOf({
    service,
    sourceHash: source.hash,
    repository: catalogue.source,
    commit: revision?.commit,
    isDirty,
    bases: kept?.bases ?? {},
    builder: runInCi(process.env) ?? caller.arn,
    version: packageDescription.version,
    startedOn: new Date(finishedOn.getTime() - timeline.elapsed()),
    finishedOn,
  });
  return { service, image, provenance };
}
