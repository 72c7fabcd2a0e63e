/**
 * Whether a whole text fits a pattern in which `*` stands for any run of characters and `?` for one. Takes time
 * proportional to the product of both lengths, whatever the pattern.
 */
export function fitsWildcard(pattern: string, text: string): boolean {
  let at = 0;
  let patternAt = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const char = pattern[patternAt];
    if (char === '*') {
      star = patternAt++;
      starAt = at;
    } else if (char !== undefined && (char === '?' || char === text[at])) {
      patternAt++;
      at++;
    } else if (star >= 0) {
      // What followed the last star did not fit here: let the star take one character more.
      patternAt = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === '*') patternAt++;
  return patternAt === pattern.length;
}
