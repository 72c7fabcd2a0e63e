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
  reporters: ['default', '<rootDir>/test/jest/tally.mjs'],
  projects: [suite('unit', 'unit'), suite('house', 'house'), suite('integration', 'integration'), suite('e2e', 'e2e')],
};
