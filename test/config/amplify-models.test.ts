import { expect } from 'chai';
import { modelValues } from '../../src/config/amplify-models.ts';
import { defaultConfig } from '../../src/config/settings.ts';
import { modelIntrospection } from '../cloud/appsync/model-introspection.ts';

const NAMES = defaultConfig().aws.amplify.models;

const field = (name: string, type: unknown, more: object = {}) => ({ name, type, isArray: false, ...more });
const model = (name: string, fields: object[], more: object = {}) => ({
  name,
  pluralName: `${name}s`,
  fields: Object.fromEntries(fields.map(each => [(each as { name: string }).name, each])),
  attributes: [],
  ...more,
});
const belongsTo = (name: string, id: string) =>
  field(
    name.toLowerCase(),
    { model: name },
    { association: { connectionType: 'BELONGS_TO', targetNames: [id] } },
  );

const TREE = model('Tree', [field('id', 'ID'), field('number', 'Int')]);
const PICTURE = model('Picture', [
  field('id', 'ID'),
  field('link', 'AWSURL'),
  field('treeId', 'ID'),
  belongsTo('Tree', 'treeId'),
]);
const OTHER = model('Other', [field('id', 'ID'), field('count', 'Int')]);

const read = (...models: { name: string }[]) =>
  modelValues({ models: Object.fromEntries(models.map(each => [each.name, each])) }, NAMES);

describe('the models in amplify_outputs.json', () => {
  it('are taken by their names, with list query and index query', () => {
    const { values, warning } = modelValues(modelIntrospection(true), NAMES);
    expect(warning).to.equal(null);
    expect(values).to.deep.equal({
      'aws.amplify.models.observation.name': 'Observation',
      'aws.amplify.models.observation.sequential_id': 'sequentialId',
      'aws.amplify.models.observation.list_query': 'listObservations',
      'aws.amplify.models.observation.index_query': 'listObservationBySequentialId',
      'aws.amplify.models.media.name': 'Media',
      'aws.amplify.models.media.list_query': 'listMedia',
      'aws.amplify.models.media.url': 'url',
      'aws.amplify.models.media.observation_id': 'observationId',
      'aws.amplify.models.media.type': 'type',
      'aws.amplify.models.media.types.image': 'PHOTO',
      'aws.amplify.models.media.types.video': 'VIDEO',
      'aws.amplify.models.media.is_available_for_public_use': 'isAvailableForPublicUse',
    });
  });

  const typesOf = (mediaTypes: string[] | null, types = { image: '', video: '' }) => {
    const known = { ...NAMES, media: { ...NAMES.media, types } };
    const { values, warning } = modelValues(modelIntrospection(true, mediaTypes), known);
    const key = 'aws.amplify.models.media.types' as const;
    return { image: values[`${key}.image`], video: values[`${key}.video`], warning };
  };
  for (const [image, video] of [
    ['IMAGE', 'VIDEO'],
    ['Picture', 'Movie'],
    ['still', 'clip'],
  ] as const) {
    it(`have the media types ${image} and ${video}, among others`, () => {
      expect(typesOf(['SOUND', video, image])).to.deep.equal({ image, video, warning: null });
    });
  }

  it('leave media types open that are not clear, and say so unless they are known', () => {
    for (const values of [
      ['STILL_IMAGE', 'MOTION'],
      ['IMAGE', 'PHOTO', 'VIDEO', 'CLIP'],
    ]) {
      const { image, video, warning } = typesOf(values);
      expect([image, video]).to.deep.equal([undefined, undefined]);
      expect(warning)
        .to.contain(values.join(', '))
        .and.to.contain('--media-type-image and --media-type-video');
      const known = { image: values[0]!, video: values.at(-1)! };
      expect(typesOf(values, known).warning).to.equal(null);
    }
    expect(typesOf(['PHOTO', 'MOTION']).warning).to.match(/set --media-type-video\.$/);
  });

  it('know a media type that is plain text', () => {
    const { values } = modelValues(modelIntrospection(true, null), NAMES);
    expect(values['aws.amplify.models.media.type']).to.equal('type');
    expect(typesOf(null)).to.deep.equal({ image: undefined, video: undefined, warning: null });
  });

  it('say that there is no index, so that an old query is forgotten', () => {
    const { values } = modelValues(modelIntrospection(false), NAMES);
    expect(values['aws.amplify.models.observation.index_query']).to.equal('');
  });

  it('are found by their shape when they are called otherwise; fields that are not there are left out', () => {
    const { values } = read(TREE, PICTURE, OTHER);
    expect(values).to.deep.equal({
      'aws.amplify.models.observation.name': 'Tree',
      'aws.amplify.models.observation.sequential_id': 'number',
      'aws.amplify.models.observation.list_query': 'listTrees',
      'aws.amplify.models.observation.index_query': '',
      'aws.amplify.models.media.name': 'Picture',
      'aws.amplify.models.media.list_query': 'listPictures',
      'aws.amplify.models.media.url': 'link',
      'aws.amplify.models.media.observation_id': 'treeId',
      'aws.amplify.models.media.type': '',
      'aws.amplify.models.media.is_available_for_public_use': '',
    });
  });

  it('prefer the integer that leads an index', () => {
    const key = { type: 'key', properties: { queryField: 'treesByRow', fields: ['row'] } };
    const tree = model('Tree', [field('id', 'ID'), field('number', 'Int'), field('row', 'Int')], {
      attributes: [key],
    });
    expect(read(tree, PICTURE).values).to.include({
      'aws.amplify.models.observation.sequential_id': 'row',
      'aws.amplify.models.observation.index_query': 'treesByRow',
    });
  });

  it('are not guessed between two pairs; the warning names what there is', () => {
    const scan = { ...PICTURE, name: 'Scan' };
    const { values, warning } = read(TREE, PICTURE, scan);
    expect(values).to.deep.equal({});
    expect(warning).to.contain('Tree, Picture, Scan').and.to.contain('--observation-model');
  });

  for (const nothing of [undefined, null, 'x', {}, { models: [] }, { models: { A: null } }]) {
    it(`are none in ${JSON.stringify(nothing)}`, () => {
      expect(modelValues(nothing, NAMES)).to.deep.equal({ values: {}, warning: null });
    });
  }
});
