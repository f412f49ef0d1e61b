// Tests of descriptor.xml and of the XML reader under it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../model/fault.ts';
import type { VibDescriptor } from '../../model/vib.ts';
import { readDescriptor } from './descriptor-reader.ts';
import { writeDescriptor } from './descriptor-writer.ts';
import { testDescriptor } from './vib-fixtures.ts';
import { escapeXml, parseXml } from './xml.ts';

const parse = (text: string) => parseXml(new TextEncoder().encode(text), 'it');
const read = (text: string) => readDescriptor(new TextEncoder().encode(text));

const MINIMAL =
  '<vib version="5.0"><type>bootbank</type><name>n</name><version>1</version><vendor>V</vendor>' +
  '<acceptance-level>community</acceptance-level>MORE</vib>';
const withMore = (more: string) => read(MINIMAL.replace('MORE', more));

describe('the descriptor', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((value) =>
    // What XML cannot carry, and the space at the ends that readers trim.
    value.replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd]/g, '').trim(),
  );
  const word = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,20}$/);
  const relation = fc.oneof(
    fc.record({
      name: word,
      relation: fc.constantFrom('<', '<=', '=', '>=', '>'),
      version: word,
    }),
    fc.record({ name: word, relation: fc.constant(''), version: fc.constant('') }),
  );
  const checksum = fc.record({
    type: fc.constantFrom('sha-256', 'sha-1'),
    verifyProcess: fc.constantFrom('', 'gunzip'),
    value: fc.stringMatching(/^[0-9a-f]{64}$/),
  });
  const descriptor = fc.record({
    ...{ type: word, name: word, version: word, vendor: word },
    ...{ summary: text, description: text, releaseDate: text },
    acceptanceLevel: fc.constantFrom('VMwareCertified', 'VMwareAccepted', 'PartnerSupported'),
    depends: fc.array(relation, { maxLength: 3 }),
    conflicts: fc.array(relation, { maxLength: 3 }),
    replaces: fc.array(relation, { maxLength: 3 }),
    provides: fc.array(relation, { maxLength: 3 }),
    softwareTags: fc.array(word, { maxLength: 3 }),
    maintenanceModeRequired: fc.boolean(),
    softwarePlatforms: fc.array(fc.record({ productLineId: word, version: word })),
    files: fc.array(word, { maxLength: 3 }),
    liveInstallAllowed: fc.boolean(),
    liveRemoveAllowed: fc.boolean(),
    payloads: fc.array(
      fc.record({
        ...{ name: word, type: word, sizeBytes: fc.nat() },
        checksums: fc.array(checksum, { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
  });

  test('is read back as it was written', () => {
    fc.assert(
      fc.property(descriptor, (value) => {
        const whole: VibDescriptor = value;
        expect(read(writeDescriptor(whole))).toEqual(whole);
      }),
    );
  });

  test('of other tools is read: older names, maintenance mode in attributes, a BOM', () => {
    const found = read(
      `\ufeff<?xml version="1.0"?>\n<!-- made by hand -->${MINIMAL.replace(
        'MORE',
        '<system-requires><maintenance-mode install="true" remove="false"/></system-requires>' +
          '<live-install-ok>true</live-install-ok><file-list><file>/opt/a</file></file-list>',
      )}`,
    );
    expect(found).toMatchObject({
      maintenanceModeRequired: true,
      liveInstallAllowed: true,
      liveRemoveAllowed: false,
      files: ['opt/a'],
      payloads: [],
    });
  });

  test.each([
    ['another root', '<vab/>', /root element is vab/],
    ['no name', MINIMAL.replace('<name>n</name>', ''), /its name is ""/],
    ['a name with a path', MINIMAL.replace('>n<', '>../n<'), /its name is/],
    ['an unknown level', MINIMAL.replace('community', 'gold'), /acceptance-level is "gold"/],
    ['a level of the prototype', MINIMAL.replace('community', 'constructor'), /acceptance-level/],
    ['a file that leads out', MINIMAL.replace('MORE', list('../../etc/x')), /not allowed/],
    ['a size that is none', MINIMAL.replace('MORE', payload('-1')), /has the size "-1"/],
    ['a document type', `<!DOCTYPE vib>${MINIMAL}`, /document types are not allowed/],
  ])('with %s is refused', (_, text_, message) => {
    expect(() => read(text_)).toThrow(message);
  });

  test('with a relation that is none is refused', () => {
    const constraint = '<constraint name="x" relation="~" version="1"/>';
    const more = `<relationships><depends>${constraint}</depends></relationships>`;
    expect(() => withMore(more)).toThrow(/relation ~/);
  });

  test('cut anywhere is refused', () => {
    const whole = writeDescriptor({ ...testDescriptor(), files: [], payloads: [] }).trimEnd();
    for (let length = 0; length < whole.length; length++) {
      expect(() => read(whole.slice(0, length))).toThrow(Fault);
    }
  });
});

describe('XML', () => {
  test('has entities, references, CDATA, comments and both quotes', () => {
    const root = parse(`<a x='1&lt;"' y="&#65;&#x42;">&amp;<!-- no --><![CDATA[<&]]>&#x1F600;</a>`);
    expect(root.text).toBe('&<&😀');
    expect([...root.attributes]).toEqual([
      ['x', '1<"'],
      ['y', 'AB'],
    ]);
  });

  test.each([
    '<a>',
    '<a></b>',
    '<a/><b/>',
    '<a x=1/>',
    '<a x="1" x="2"/>',
    '<a x="<"/>',
    '<a>&nope;</a>',
    '<a>& b</a>',
    '<a>&#0;</a>',
    '<a>&#xD800;</a>',
    '<a><!DOCTYPE b></a>',
    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    '<a/>tail',
    '',
    'text',
    '<1/>',
    '<a/',
    '<a><!-- </a>',
    `${'<a>'.repeat(40)}${'</a>'.repeat(40)}`,
  ])('such as %j is refused', (text) => {
    expect(() => parse(text)).toThrow(Fault);
  });

  test('that is not UTF-8 is refused', () => {
    expect(() => parseXml(Uint8Array.of(0x3c, 0x61, 0xff, 0x2f, 0x3e), 'it')).toThrow(/UTF-8/);
  });

  test('of any text is read back, and of random text never more than a fault', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const written = escapeXml(text);
        const root = parse(`<a b="${written}">${written}</a>`);
        expect(root.attributes.get('b')).toBe(root.text);
        try {
          parse(`<a>${text}</a>`);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
    );
  });
});

function list(path: string): string {
  return `<file-list><file>${path}</file></file-list>`;
}

function payload(size: string): string {
  return `<payloads><payload name="p" type="tgz" size="${size}"/></payloads>`;
}
