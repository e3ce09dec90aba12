import type { Service } from "../../../config/catalogue/catalogue.ts";
import type { GateSettings } from "../../../config/stack/gates.ts";
import type { RecordedBase } from "../../bases/recorded.ts";
import type { EvidencePiece } from "../../evidence/check.ts";
import type { PlatformScan } from "../../findings/finding.ts";
import type { SuspectedSecret } from "../../image-checks/secrets.ts";
import type { ImageContent } from "../../registry/configuration.ts";
import type { VerifiedPlatform } from "../../registry/verify-image.ts";
import type { ReleaseRecord } from "../../release/record.ts";

/** Something that was read, or why it could not be. */
export type Read<T> = { readonly value: T } | { readonly reason: string };

/** What the configuration of one platform's image says. */
export interface PlatformContent {
  readonly platform: string;
  readonly content: ImageContent;
  /** What looks like a secret in it. */
  readonly secrets: readonly SuspectedSecret[];
}

/** Everything that is known of one release. */
export interface ReleaseFacts {
  readonly service: Service;
  readonly record: ReleaseRecord;
  /** Digest of the record's own manifest. */
  readonly recordDigest: string | undefined;
  /** Host (and port) of the registry. */
  readonly registry: string;
  /** The image's platforms as the registry has them now. */
  readonly image: Read<readonly VerifiedPlatform[]>;
  readonly contents: Read<readonly PlatformContent[]>;
  /** Base images that the build recorded. */
  readonly bases: Read<readonly RecordedBase[]>;
  readonly scans: Read<readonly PlatformScan[]>;
  /** What is attached to the image, checked with `keys`. */
  readonly evidence: Read<{ readonly pieces: readonly EvidencePiece[]; readonly keys: readonly string[] }>;
  readonly gates: GateSettings | undefined;
}
