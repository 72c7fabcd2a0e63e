/** Points at content by digest. All fields are validated when a manifest is parsed (R0.6). */
export interface Descriptor {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** As written; "" when absent. */
  readonly mediaType: string;
  /** Inline content, base64, as written. */
  readonly data?: string;
}

export interface IndexEntry extends Descriptor {
  /** Absent parts are "". */
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant: string };
}

export interface ImageManifest {
  readonly kind: 'image';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** A manifest list or an image index. */
export interface IndexManifest {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly entries: readonly IndexEntry[];
}

/** A signed schema 1 manifest. Lists are newest first, as written. */
export interface Schema1Manifest {
  readonly kind: 'schema1';
  readonly mediaType: string;
  readonly architecture: string;
  readonly fsLayers: readonly string[];
  /** `v1Compatibility` texts. */
  readonly history: readonly string[];
  /** Signature texts as `dockerImageSignatures` wants them: base64 of the JSON of each JWS signature. */
  readonly signatures: readonly string[];
}

export type Manifest = ImageManifest | IndexManifest | Schema1Manifest;
