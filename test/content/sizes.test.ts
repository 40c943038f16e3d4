/** Documents of upload collections: the table of image sizes beside its columns. */
import { afterEach, expect, it } from 'vitest';
import { openStage, type Stage } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const upload = { image_sizes: [{ name: 'thumb', width: 10 }, { name: 'card' }], format_options: { webp: { quality: 80 } } };
const thumb = { thumb_url: '/t.png', thumb_width: 10, thumb_height: 8, thumb_webp_url: '/t.webp' };
const all = { overrideAccess: true };

it('the sizes that have a url stand in `sizes`, and select takes or leaves it', () => {
  stage = openStage({ collections: { media: { upload, fields: [] } } });
  const { id } = stage.create('media', { filename: 'a.png', ...thumb }, all);
  const { id: bare } = stage.create('media', { filename: 'b.png' }, all);
  const sizes = { thumb: { url: '/t.png', width: 10, height: 8, formats: { webp: { url: '/t.webp' } } } };
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value, (_key, item) => item?.value ?? item));
  expect(plain(stage.findById('media', id, all))).toMatchObject({ sizes, thumb_url: '/t.png' });
  expect(plain(stage.find('media', { ...all, where: { id } }).documents[0])).toMatchObject({ sizes });
  expect(stage.findById('media', bare, all)).not.toHaveProperty('sizes');
  expect(plain(stage.findById('media', id, { ...all, select: ['sizes'] }))).toEqual({ id, sizes });
  expect(stage.findById('media', id, { ...all, select: ['filename'] })).toEqual({ id, filename: 'a.png' });
});

it('populated documents have them too', () => {
  const pic = { name: 'pic', type: 'upload', relationship: { collection: 'media' } };
  stage = openStage({ collections: { media: { upload, fields: [] }, posts: { fields: [pic] } } });
  const { id } = stage.create('media', { filename: 'a.png', thumb_url: '/t.png' }, all);
  const post = stage.create('posts', { pic: id }, all);
  expect(stage.findById('posts', post.id, { ...all, depth: 1 })).toMatchObject({ pic: { sizes: { thumb: { url: '/t.png' } } } });
});

it('a size whose column is hidden or has a read rule is left out, and a field named sizes is the project’s own', () => {
  const own = (field: object) => ({ upload: { image_sizes: [{ name: 'thumb' }] }, fields: [field] });
  stage = openStage({
    collections: {
      hidden: own({ name: 'thumb_url', type: 'text', hidden: true }),
      ruled: own({ name: 'thumb_url', type: 'text', access: { read: 'access.never' } }),
      named: own({ name: 'sizes', type: 'text' }),
    },
    functions: { 'access.never': () => false },
  });
  for (const slug of ['hidden', 'ruled']) {
    const { id } = stage.create(slug, { filename: 'a', thumb_url: '/t' }, all);
    expect(stage.findById(slug, id, all)).not.toHaveProperty('sizes');
  }
  const { id } = stage.create('named', { filename: 'a', sizes: 'own', thumb_url: '/t' }, all);
  expect(stage.findById('named', id, all)).toMatchObject({ sizes: 'own' });
});
