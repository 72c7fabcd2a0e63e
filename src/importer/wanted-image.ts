import type { ImageStream, SpecTag } from '../api/image-stream.ts';
import type { ImageImport, RepositoryImport } from '../api/image-stream-import.ts';
import type { Platform } from '../image/platform.ts';
import { platformOf, sourceAsked } from '../imagestream/source.ts';
import type { WantedImage } from './image-round.ts';
import { type HostPolicy, isInsecure, type Subject } from './subject.ts';

/** What the images of one ImageStreamImport have in common. */
export interface Surroundings {
  /** The stream as it is stored: only preferences that it holds count (import-semantics 3.6). */
  readonly stream?: ImageStream;
  /** For lists of manifests, where no preference says otherwise (design D9). */
  readonly platform: Platform;
  readonly policy: HostPolicy;
  /** `spec.import`: images that get a tag are stored. */
  readonly records: boolean;
}

/** The image of one entry of `spec.images`; its preferences are those of the tag it goes to, else of its own tag. */
export function wantedOfImage(spec: ImageImport, subject: Subject, around: Surroundings): WantedImage {
  const name = spec.to?.name ?? subject.tag;
  const stored = around.stream?.spec?.tags?.find(tag => tag.name === name);
  const specTag = { ...stored, name };
  return wanted(spec, spec.from.name ?? '', specTag, subject, around, spec.to !== undefined);
}

/** The image of one tag of `spec.repository`; no preference applies (import-semantics 6.5). */
export function wantedOfTag(spec: RepositoryImport, subject: Subject, around: Surroundings): WantedImage {
  const stored = around.stream?.spec?.tags?.find(tag => tag.name === subject.tag);
  const specTag = { name: subject.tag, ...(stored?.generation !== undefined && { generation: stored.generation }) };
  return wanted(spec, `${spec.from.name ?? ''}:${subject.tag}`, specTag, subject, around, true);
}

function wanted(
  spec: ImageImport | RepositoryImport,
  from: string,
  stored: SpecTag,
  subject: Subject,
  { platform, policy, records }: Surroundings,
  isTagged: boolean,
): WantedImage {
  const { importPolicy = {}, includeManifest = false } = spec;
  // The spec tag as the import will leave it: what is recorded as asked is what it then asks.
  const specTag: SpecTag = { ...stored, from: { kind: 'DockerImage', name: from }, importPolicy };
  return {
    request: {
      subject,
      importMode: importPolicy.importMode === 'PreserveOriginal' ? 'PreserveOriginal' : 'Legacy',
      insecure: isInsecure(subject, importPolicy.insecure === true, policy),
      platform: platformOf(specTag, platform),
      asked: sourceAsked(specTag, platform),
    },
    stored: records && isTagged,
    includeManifest,
  };
}
