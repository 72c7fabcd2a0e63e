import type { News } from '../controller/announcer.ts';
import { oneLine } from './table.ts';
import { localTime, whatChanged } from './tag-change.ts';

/** Where the text of a line about a part begins. */
const LABEL_WIDTH = 13;
/** Of a URL with a port of four digits, as the other one's line has it. */
const URL_WIDTH = 25;
const WHAT_WIDTH = 8;
/** A longer name pushes the rest of its own line alone. */
const MAX_NAME_WIDTH = 40;

/** `Registry     http://127.0.0.1:5000    demo/app: latest, 1.0, 1.1` */
export function partLine(label: string, text: string, more = ''): string {
  const content = more === '' ? text : text.padEnd(URL_WIDTH) + (text.length < URL_WIDTH ? more : ` ${more}`);
  return `${label.padEnd(LABEL_WIDTH)}${oneLine(content)}\n`;
}

/** What an operator has before it, once it leads. */
export interface Outlook {
  readonly streams: number;
  readonly tags: number;
  /** Until the next slot of a scheduled tag; undefined when none is scheduled. */
  readonly nextCheckInMs: number | undefined;
}

/** `leading, 1 stream, 3 tags, next check in 8 s` */
export function outlookText({ streams, tags, nextCheckInMs }: Outlook): string {
  if (streams === 0) return 'leading, no streams yet';
  const next = nextCheckInMs === undefined ? [] : [`next check in ${waitText(nextCheckInMs)}`];
  return ['leading', counted(streams, 'stream'), counted(tags, 'tag'), ...next].join(', ');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function waitText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds <= 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}

/** Whether a scheduled check found a tag moved: what the operator is for. */
export function isScheduledMove({ change }: News): boolean {
  return change?.change === 'moved' && change.reason === 'scheduled';
}

/** Writes news as lines whose columns stand below each other. */
export class NewsLines {
  #nameWidth = 0;

  /** `10:01:07  demo/app:latest  imported  sha256:4f1c…  (neverImported)`, in local time. */
  line(news: News, nowMs: number): string {
    const { name, what, text, reason } = toldOf(news);
    if (name.length <= MAX_NAME_WIDTH) this.#nameWidth = Math.max(this.#nameWidth, name.length);
    const columns = [localTime(nowMs), name.padEnd(this.#nameWidth), what.padEnd(WHAT_WIDTH), text, `(${reason})`];
    return `${columns.map(oneLine).join('  ')}\n`;
  }
}

function toldOf({
  regarding,
  change,
  type,
  reason,
  note,
}: News): Readonly<Record<'name' | 'what' | 'text' | 'reason', string>> {
  if (change !== undefined) {
    return { name: change.tag, what: change.change, text: whatChanged(change), reason: change.reason };
  }
  const { kind, namespace, name } = regarding;
  const object = namespace === undefined ? name : `${namespace}/${name}`;
  if (kind === 'ImageStreamImport' && reason !== 'ImportNotStored') {
    return { name: `isi ${object}`, what: 'completed', text: note, reason };
  }
  return { name: `${kind} ${object}`, what: type === 'Normal' ? 'note' : 'warning', text: note, reason };
}
