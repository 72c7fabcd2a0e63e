/** Finds what a path of a printer column leads to: no, one or several values. */
export type JsonPath = (value: unknown) => readonly unknown[];

type Step = (value: unknown) => readonly unknown[];

/**
 * Reads the part of Kubernetes' JSONPath that printer columns use: `.a.b`, `['a.b']`, `.a\.b`, `[0]`, `[-1]`, `[*]`, and
 * `[?(@.x=="y")]` with `==`, `!=` or nothing. What is missing leads nowhere. Throws for anything else.
 */
export function readJsonPath(text: string): JsonPath {
  const steps: Step[] = [];
  let at = 0;
  while (at < text.length) {
    const step = readStep(text, at);
    if (step === undefined) throw new Error(`Cannot read JSONPath ${JSON.stringify(text)} from ${at} on`);
    steps.push(step.step);
    at = step.end;
  }
  return value => steps.reduce<readonly unknown[]>((values, step) => values.flatMap(step), [value]);
}

const FIELD = /\.((?:[^.[\]\\()<>=!'"\s]|\\.)+)/y;
const QUOTED = /\['((?:[^'\\]|\\.)*)'\]/y;
const INDEX = /\[(-?\d+)\]/y;
const ALL = /\[\*\]|\.\*/y;
const FILTER = /\[\?\(\s*@(.*?)\s*(?:(==|!=)\s*(?:"([^"]*)"|'([^']*)'|(-?\d+|true|false))\s*)?\)\]/y;

function readStep(text: string, at: number): { readonly step: Step; readonly end: number } | undefined {
  const read = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const found = (match: RegExpExecArray, step: Step) => ({ step, end: at + match[0].length });
  const all = read(ALL);
  if (all !== null) return found(all, members);
  const field = read(FIELD) ?? read(QUOTED);
  if (field !== null) {
    const name = (field[1] ?? '').replace(/\\(.)/g, '$1');
    return found(field, value => member(value, name));
  }
  const index = read(INDEX);
  if (index !== null) {
    const place = Number(index[1]);
    return found(index, value => (Array.isArray(value) && place < value.length ? value.slice(place).slice(0, 1) : []));
  }
  const filter = read(FILTER);
  if (filter === null) return undefined;
  const [, path = '', operator, double, single, bare] = filter;
  const wanted = double ?? single ?? (bare === undefined ? undefined : JSON.parse(bare));
  const inner = readJsonPath(path);
  const holds = (item: unknown): boolean => {
    const values = inner(item);
    if (operator === undefined || values.length === 0) return operator === undefined && values.length > 0;
    return (values[0] === wanted) === (operator === '==');
  };
  return found(filter, value => members(value).filter(holds));
}

function member(value: unknown, name: string): readonly unknown[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) return [];
  return [(value as Record<string, unknown>)[name]];
}

function members(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}
