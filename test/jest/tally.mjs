import { appendFileSync, writeSync } from 'node:fs';

/**
 * Ends a run with one line, `N passed, N failed, N skipped`, and adds the three numbers to the file named by
 * TALLY_FILE, so that `.ci/run` can sum over suites. A test file that cannot be loaded counts as failed.
 */
export default class Tally {
  onRunComplete(_contexts, results) {
    const passed = results.numPassedTests;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${passed} passed, ${failed} failed, ${skipped} skipped\n`;
    if (process.env.TALLY_FILE) appendFileSync(process.env.TALLY_FILE, line);
    // On exit, so that nothing is printed after it, with --forceExit either.
    process.once('exit', () => writeSync(1, line));
  }
}
