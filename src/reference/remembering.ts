/**
 * The same function, which answers from memory what it was asked lately: it must depend on the text alone. What it throws
 * is not remembered. Between `size` and twice as many texts are kept; what is asked all the time outlasts what is asked
 * once.
 */
export function remembering<T extends object>(size: number, answer: (text: string) => T): (text: string) => T {
  let young = new Map<string, T>();
  let old = new Map<string, T>();
  return text => {
    const known = young.get(text);
    if (known !== undefined) return known;
    const answered = old.get(text) ?? answer(text);
    if (young.size >= size) {
      old = young;
      young = new Map();
    }
    young.set(text, answered);
    return answered;
  };
}
