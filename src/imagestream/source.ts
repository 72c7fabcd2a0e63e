import type { ObjectReference } from '../api/common.ts';
import type { Source, SpecTag } from '../api/image-stream.ts';
import { PREFER_ARCH_ANNOTATION, PREFER_OS_ANNOTATION } from '../api/names.ts';

/** os and architecture, for example `{os: 'linux', architecture: 'amd64'}`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

/** The platform unless an option says otherwise (design D9), and what a source means that names none. */
export const LINUX_AMD64: Platform = { os: 'linux', architecture: 'amd64' };
const DEFAULT_PLATFORM = 'linux/amd64';
/** What a source with a digest means when it names no version of the Accept header (registry-client R1.2). */
const DEFAULT_ACCEPT_VERSION = 1;

/** Whether a registry is asked for this tag (controllers 1.2). */
export function isImportable(tag: SpecTag): boolean {
  return tag.from?.kind === 'DockerImage' && tag.reference !== true;
}

/** Whether the tag only records its pull spec. */
export function isReferenceOnly(tag: SpecTag): boolean {
  return tag.from?.kind === 'DockerImage' && tag.reference === true;
}

/**
 * Whether the tag asks for something that is not done yet (design D13), such as following another tag. A tag without
 * `from` asks for nothing.
 */
export function isUnsupported(tag: SpecTag): boolean {
  const { kind = '', name = '' }: ObjectReference = tag.from ?? {};
  return kind !== 'DockerImage' && (kind !== '' || name !== '');
}

/** Whether this pull spec names its image by digest, so that what it points to never moves. */
export function isByDigest(pullSpec: string): boolean {
  return pullSpec.includes('@');
}

/**
 * The platform in force for lists of manifests: each half is the tag's preference, else the option
 * (import-semantics 5.2). A pull spec by digest knows no preference (import-semantics 3.5).
 */
export function platformOf(tag: SpecTag, option: Platform): Platform {
  if (isByDigest(tag.from?.name ?? '')) return option;
  return {
    os: tag.annotations?.[PREFER_OS_ANNOTATION] || option.os,
    architecture: tag.annotations?.[PREFER_ARCH_ANNOTATION] || option.architecture,
  };
}

/**
 * What this spec tag asks for, in the form in which it is recorded (design D4): defaults are left out, `specGeneration`
 * is the tag's own, null included, and there is no digest.
 */
export function sourceAsked(tag: SpecTag, option: Platform): Source {
  const { os, architecture } = platformOf(tag, option);
  const platform = `${os}/${architecture}`;
  const source: { -readonly [Name in keyof Source]: Source[Name] } = { from: tag.from?.name ?? '' };
  if (tag.importPolicy?.importMode === 'PreserveOriginal') source.importMode = 'PreserveOriginal';
  if (tag.importPolicy?.insecure === true) source.insecure = true;
  if (platform !== DEFAULT_PLATFORM) source.platform = platform;
  if (tag.generation !== undefined) source.specGeneration = tag.generation;
  return source;
}

/** What was asked, without what the registry said. */
export function withoutDigest(source: Source): Source {
  // Each check comes by, mostly with what has none; leaving members out costs more than all else here.
  if (source.digest === undefined && source.acceptVersion === undefined) return source;
  const { digest: _digest, acceptVersion: _acceptVersion, ...asked } = source;
  return asked;
}

/**
 * What was asked, with the digest that the registry says the tag has. `acceptVersion` is that of the Accept header the
 * digest was obtained with; version 1 is left out.
 */
export function withDigest(asked: Source, digest: string, acceptVersion: number): Source {
  const seen = { ...withoutDigest(asked), digest };
  return acceptVersion === DEFAULT_ACCEPT_VERSION ? seen : { ...seen, acceptVersion };
}

/** Whether both ask for the same image in the same way, whichever generation asked. */
export function sameWish(a: Source, b: Source): boolean {
  return (
    a.from === b.from &&
    (a.importMode === 'PreserveOriginal') === (b.importMode === 'PreserveOriginal') &&
    (a.insecure === true) === (b.insecure === true) &&
    (a.platform ?? DEFAULT_PLATFORM) === (b.platform ?? DEFAULT_PLATFORM)
  );
}

/** Whether both are one request, a null generation and an absent one alike: the comparison that decides whether a tag is due as `specChanged` (design D5). */
export function sameRequest(a: Source, b: Source): boolean {
  return sameWish(a, b) && (a.specGeneration ?? null) === (b.specGeneration ?? null);
}

/** Whether nothing but the platform differs: the operator's option may have changed rather than the user's spec. */
export function onlyPlatformDiffers(a: Source, b: Source): boolean {
  return !sameRequest(a, b) && sameRequest({ ...a, platform: DEFAULT_PLATFORM }, { ...b, platform: DEFAULT_PLATFORM });
}

/** Whether both record the same, digest included. */
export function sameSource(a: Source, b: Source): boolean {
  return sameRequest(a, b) && a.digest === b.digest && acceptVersion(a) === acceptVersion(b);
}

function acceptVersion(source: Source): number {
  return source.acceptVersion ?? DEFAULT_ACCEPT_VERSION;
}

/**
 * What the digest just seen at the registry means (design D20):
 *
 * ```text
 * request            | accept version | digest  | verdict
 * same               | same           | same    | unchanged   nothing to do
 * only from differs  | same           | same    | mirrored    the same image from another place: no content is needed
 * same               | differs        | any     | rebaseline  the digest may differ for no other reason (R1.2)
 * anything else      |                |         | changed     ask for the content
 * ```
 */
export type Verdict = 'unchanged' | 'mirrored' | 'rebaseline' | 'changed';

/** Judges what was seen (what is asked now, with the digest of `withDigest`) against what was recorded. */
export function judge(seen: Source, recorded: Source | undefined): Verdict {
  if (recorded?.digest === undefined) return 'changed';
  const sameVersion = acceptVersion(seen) === acceptVersion(recorded);
  if (sameRequest(seen, recorded)) {
    if (!sameVersion) return 'rebaseline';
    return seen.digest === recorded.digest ? 'unchanged' : 'changed';
  }
  const onlyFromDiffers = sameRequest(seen, { ...recorded, from: seen.from });
  return onlyFromDiffers && sameVersion && seen.digest === recorded.digest ? 'mirrored' : 'changed';
}
