import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../src/bindings/base64.js';
import { projectPath } from '../../src/bindings/definition-site.js';
import { slugify } from '../../src/bindings/slugify.js';
import { utf8Text, withoutPartialCharacter } from '../../src/bindings/utf8.js';

describe('slugify', () => {
  it.each([
    ['Hello World', 'hello-world'],
    ['  --Mixed__case!!  ', 'mixed-case'],
    ['Zoë & Ünï ✓ 日本', 'zoë-ünï-日本'],
    ['', ''],
    ['!!!', ''],
    ['a.b,c/d', 'a-b-c-d'],
    ['ＡＢＣ ß İ', 'ａｂｃ-ß-i'],
  ])('%j', (text, slug) => {
    expect(slugify(text)).toBe(slug);
  });
});

describe('base64', () => {
  it.each([
    ['YQ', 'Invalid padding'],
    ['YWI_Pn4=', 'Invalid symbol 95, offset 3.'],
    ['!!!!', 'Invalid symbol 33, offset 0.'],
    ['YQ==\n', 'Invalid symbol 10, offset 4.'],
    ['not base64!', 'Invalid symbol 32, offset 3.'],
    ['YR==', 'Invalid last symbol 82, offset 1.'],
  ])('says what is wrong with %j', (text, problem) => {
    expect(decodeBase64(text)).toBe(problem);
  });

  it('decodes what it encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const buffer = Buffer.from(bytes);
        expect(decodeBase64(buffer.toString('base64'))).toEqual(buffer);
      }),
    );
  });
});

describe('utf8', () => {
  it.each([
    [[0xff], 'invalid utf-8 sequence of 1 bytes from index 0'],
    [[0x61, 0xc3], 'incomplete utf-8 byte sequence from index 1'],
    [[0x61, 0xc3, 0x28], 'invalid utf-8 sequence of 1 bytes from index 1'],
    [[0xe2, 0x9c, 0x28], 'invalid utf-8 sequence of 2 bytes from index 0'],
    [[0xed, 0xa0, 0x80], 'invalid utf-8 sequence of 1 bytes from index 0'],
    [[0xf0, 0x9f, 0x98], 'incomplete utf-8 byte sequence from index 0'],
  ])('names the bytes of %j', (bytes, problem) => {
    expect(utf8Text(Uint8Array.from(bytes))).toEqual({ problem });
  });

  it('cuts a text at whole characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, at) => {
        const cut = withoutPartialCharacter(Buffer.from(text).subarray(0, at));
        const back = utf8Text(cut);
        expect(typeof back).toBe('string');
        expect(text.startsWith(back as string)).toBe(true);
      }),
    );
  });
});

describe('the place of a definition', () => {
  it.each([
    ['[string "/p/jobs/a.lua"]', 'jobs/a.lua'],
    ['@/p/jobs/a.lua', 'jobs/a.lua'],
    ['/p/init.lua', 'init.lua'],
    ['/q/x.lua', '/q/x.lua'],
    ['=stdin', 'stdin'],
  ])('%s', (chunk, file) => {
    expect(projectPath('/p', chunk)).toBe(file);
  });

  it('is found in names that Lua has cut', () => {
    const project = '/home/somebody/work/projects/a-rather-long-name/of-a-project';
    expect(projectPath(project, '[string "/home/somebody/work/projects/a-rather-long-na..."]', 'jobs/a.lua')).toBe('jobs/a.lua');
    expect(projectPath(project, '...s/a-rather-long-name/of-a-project/jobs/deep/a.lua')).toBe('jobs/deep/a.lua');
    expect(projectPath(project, '...-project/jobs/a.lua')).toBe('jobs/a.lua');
    expect(projectPath(project, '...elsewhere/a.lua')).toBe('...elsewhere/a.lua');
  });
});
