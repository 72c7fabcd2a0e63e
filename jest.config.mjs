const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/jest/strip-types.mjs' },
  injectGlobals: false,
};

const suite = (name, ...folders) => ({
  ...common,
  displayName: name,
  testMatch: folders.map(folder => `<rootDir>/test/${folder}/**/*.test.ts`),
});

export default {
  coverageProvider: 'v8',
  // Only what hangs runs into it: how busy the machine is must not decide a test.
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/test/jest/tally.mjs'],
  projects: [suite('unit', 'unit'), suite('house', 'house'), suite('integration', 'integration'), suite('e2e', 'e2e')],
};
