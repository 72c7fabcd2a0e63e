import { describe, expect, test } from '@jest/globals';
import { type Bom, billOfMaterials } from '../../../hack/image/bill-of-materials.ts';

const component = (name: string, version: string) => ({
  'bom-ref': `${name}@${version}`,
  type: 'library',
  name,
  version,
});
/** As npm makes one, in a folder of this name, at this time. */
const npm = (folder: string, timestamp: string): Bom => ({
  bomFormat: 'CycloneDX',
  serialNumber: `urn:uuid:${timestamp}`,
  metadata: {
    timestamp,
    tools: [{ vendor: 'npm', name: 'cli', version: '11' }],
    component: { ...component('app', '1'), name: folder },
  },
  components: [
    component('undici', '8'),
    component('jest', '30'),
    component('@scope/a', '1'),
    component('@scope/a', '2'),
  ],
  dependencies: [
    { ref: 'app@1', dependsOn: ['undici@8', 'jest@30'] },
    { ref: 'undici@8', dependsOn: ['@scope/a@2'] },
    { ref: 'jest@30', dependsOn: ['@scope/a@1'] },
    { ref: '@scope/a@2' },
  ],
});
const contents = { packages: new Set(['undici@8', '@scope/a@2']), node: '24.0.0' };

describe('billOfMaterials()', () => {
  test('names what is in the bundle, and the Node that runs it', () => {
    const { components, dependencies, metadata } = billOfMaterials(npm('folder', 'now'), contents);
    expect(components.map(one => one['bom-ref'])).toEqual(['undici@8', '@scope/a@2', 'node@24.0.0']);
    expect(dependencies).toEqual([
      { ref: 'app@1', dependsOn: ['undici@8', 'node@24.0.0'] },
      { ref: 'undici@8', dependsOn: ['@scope/a@2'] },
      { ref: '@scope/a@2', dependsOn: [] },
    ]);
    expect(metadata.component.name).toBe('app');
  });

  test('is the same for the same contents, wherever and whenever it is made', () => {
    const one = billOfMaterials(npm('here', 'now'), contents);
    expect(billOfMaterials(npm('there', 'later'), contents)).toEqual(one);
    expect(one.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(billOfMaterials(npm('here', 'now'), { ...contents, node: '25.0.0' }).serialNumber).not.toBe(
      one.serialNumber,
    );
  });

  test('is not made when npm does not know a part of it', () => {
    const packages = new Set(['undici@9']);
    expect(() => billOfMaterials(npm('here', 'now'), { ...contents, packages })).toThrow(
      'npm knows nothing of undici@9',
    );
  });
});
